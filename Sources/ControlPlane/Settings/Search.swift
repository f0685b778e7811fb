package import ConfigPlatformModel

/// A setting that was found: an environment's own.
package struct SearchHit: Sendable {
    package let setting: StoredSetting
    package let definition: SettingDefinitionBody?
}

extension Platform {
    /// The settings whose key, value, description or tags hold a text, whatever the case of its ASCII letters, in order of environment
    /// and key. A value holds what a string, a name, a number or a literal within it holds.
    ///
    /// - Parameter after: where the last page ended.
    package func search(
        _ caller: Caller, _ project: ProjectName, for text: String, in environment: EnvironmentName?,
        after: (environment: EnvironmentName, key: ConfigKey)?, limit: Int
    ) throws(Problem) -> (hits: [SearchHit], isComplete: Bool, token: RevisionToken) {
        guard (1...Limits.searchBytes).contains(text.utf8.count) else {
            throw Problem(.invalidRequest, "Search for 1 to \(Limits.searchBytes) bytes of text, as 'q'.")
        }
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        if let environment { try viewpoint.requireEnvironment(environment) }
        let state = try servedState()
        let project = try state.project(project)
        if let environment { _ = try project.environment(environment) }
        let needle = Needle(text)
        let defined = Set(project.definitions.filter { needle.occurs(in: $0.value.body) }.keys)
        var hits: [SearchHit] = []
        var bytes = 0
        for candidate in project.sortedEnvironments where environment.map({ $0 == candidate.name }) ?? true {
            if let after, candidate.name < after.environment { continue }
            let scope = viewpoint.keys(.read, in: candidate.name)
            if scope.isNone { continue }
            for setting in candidate.own {
                if let after, candidate.name == after.environment, setting.key <= after.key { continue }
                let isHit =
                    needle.occurs(in: setting.key.text.utf8) || needle.occurs(inValue: setting.body.value)
                    || defined.contains(setting.key)
                guard isHit, scope.permits(setting.key, in: project) else { continue }
                guard hits.count < limit, bytes < Limits.pageBytes else { return (hits, false, state.token) }
                bytes += setting.body.value.count
                hits.append(SearchHit(setting: setting, definition: project.definitions[setting.key]?.body))
            }
        }
        return (hits, true, state.token)
    }

    /// Looks at each byte of a haystack once, whatever is in it (Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", 1977).
    private struct Needle {
        private let bytes: [UInt8]
        /// Of each beginning of the needle, how long the longest shorter one is that it ends with.
        private let borders: [Int]

        init(_ text: String) {
            bytes = text.utf8.map(Self.folded)
            var borders = [0]
            for byte in bytes.dropFirst() {
                var border = borders[borders.count - 1]
                while border > 0, bytes[border] != byte { border = borders[border - 1] }
                borders.append(bytes[border] == byte ? border + 1 : border)
            }
            self.borders = borders
        }

        private static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

        func occurs(in body: SettingDefinitionBody) -> Bool {
            occurs(in: body.description.utf8) || body.tags.contains { occurs(in: $0.utf8) }
        }

        /// - Parameter json: canonical JSON, whose strings are looked at as they are, without quotes and escapes.
        func occurs(inValue json: [UInt8]) -> Bool {
            json.withUnsafeBufferPointer { json in
                var index = 0
                while index < json.count {
                    let start = index
                    if json[index] == UInt8(ascii: "\"") {
                        var isEscaped = false
                        index += 1
                        while index < json.count, json[index] != UInt8(ascii: "\"") {
                            if json[index] == UInt8(ascii: "\\") {
                                isEscaped = true
                                index += 1
                            }
                            index += 1
                        }
                        index = min(index + 1, json.count)
                        let token = UnsafeBufferPointer(rebasing: json[start..<index])
                        let isFound =
                            isEscaped
                            ? (try? JSONValue(parsing: Array(token)))?.stringValue.map { occurs(in: $0.utf8) } ?? false
                            : occurs(in: UnsafeBufferPointer(rebasing: token.dropFirst().dropLast()))
                        if isFound { return true }
                    } else {
                        while index < json.count, !Self.isStructural(json[index]) { index += 1 }
                        if index > start, occurs(in: UnsafeBufferPointer(rebasing: json[start..<index])) { return true }
                        if index == start { index += 1 }
                    }
                }
                return false
            }
        }

        private static func isStructural(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
                UInt8(ascii: ":"), UInt8(ascii: "\""):
                true
            default: false
            }
        }

        func occurs(in haystack: some Collection<UInt8>) -> Bool {
            haystack.withContiguousStorageIfAvailable(occurs) ?? Array(haystack).withUnsafeBufferPointer(occurs)
        }

        private func occurs(in haystack: UnsafeBufferPointer<UInt8>) -> Bool {
            guard haystack.count >= bytes.count else { return false }
            return bytes.withUnsafeBufferPointer { bytes in
                var matched = 0
                for byte in haystack {
                    let byte = Self.folded(byte)
                    while matched > 0, bytes[matched] != byte { matched = borders[matched - 1] }
                    if bytes[matched] == byte { matched += 1 }
                    if matched == bytes.count { return true }
                }
                return false
            }
        }
    }
}
