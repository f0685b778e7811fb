package import ConfigPlatformModel

/// What a file holds, as settings.
package struct ImportedFile: Hashable, Sendable {
    /// One, except where a file of several documents says for each which profile it is for. Later ones override earlier ones.
    package var documents: [ImportedDocument]
    /// What was read around, or read otherwise than some reader of the format might expect; in order of lines.
    package var notices: [ImportNotice]

    package init(documents: [ImportedDocument], notices: [ImportNotice]) {
        self.documents = documents
        self.notices = notices
    }
}

package struct ImportedDocument: Hashable, Sendable {
    /// The one profile this document is for, as its `spring.config.activate.on-profile` (or the older `spring.profiles`) names it.
    /// That setting itself is not among `settings`.
    package var profile: String?
    /// Where that setting stands, as of ``ImportedSetting``.
    package var profileLine: Int?
    package var profileColumn: Int?
    /// In the order of the file, each key once, none a strict prefix of another.
    package var settings: [ImportedSetting]

    package init(
        profile: String? = nil, profileLine: Int? = nil, profileColumn: Int? = nil, settings: [ImportedSetting]
    ) {
        self.profile = profile
        self.profileLine = profileLine
        self.profileColumn = profileColumn
        self.settings = settings
    }
}

package struct ImportedSetting: Hashable, Sendable {
    package var key: ConfigKey
    package var value: JSONValue
    /// Whether `${…}` inside the value stand for other settings. Where they do not, the value is to be taken literally.
    package var hasLiveReferences: Bool
    /// 1-based: where its name stands. A value that comes through a YAML alias has the line of the alias.
    package var line: Int?
    /// 1-based, in Unicode scalars.
    package var column: Int?

    package init(
        key: ConfigKey, value: JSONValue, hasLiveReferences: Bool = false, line: Int? = nil, column: Int? = nil
    ) {
        self.key = key
        self.value = value
        self.hasLiveReferences = hasLiveReferences
        self.line = line
        self.column = column
    }
}

/// Something to know about a line of an imported file, or about an item in it.
package struct ImportNotice: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// Nothing is lost; how something was understood.
        case information
        /// Carried, but another reader of the format may see another value.
        case warning
        /// Not carried.
        case error
    }

    package var severity: Severity
    package var line: Int?
    package var column: Int?
    /// The flag's key, or the segment's name, where it is about one.
    package var key: String?
    /// RFC 6901 pointer into the file, where that is what the place is told by.
    package var pointer: String?
    /// The file's name, where several are imported together.
    package var file: String?
    package var message: String

    package init(
        _ severity: Severity, _ message: String, line: Int? = nil, column: Int? = nil, key: String? = nil,
        pointer: String? = nil
    ) {
        self.severity = severity
        self.message = message
        self.line = line
        self.column = column
        self.key = key
        self.pointer = pointer
    }
}

package struct ImportOptions: Hashable, Sendable {
    package enum References: String, CaseIterable, Hashable, Sendable {
        case live, literal
    }

    /// Whether `${…}` in strings are references; nil is what the format is used to: live in dotenv, literal in the others.
    package var references: References?

    package init(references: References? = nil) {
        self.references = references
    }
}
