extension SemanticVersion {
    /// The version that a rule names.
    package init(parsing text: String) throws(InvalidFlagItem) {
        guard text.utf8.count <= 256, let version = SemanticVersion(text) else {
            throw InvalidFlagItem(
                "'\(InvalidFlagItem.shown(text))' is not a version; write it as semver.org does, such as \"1.4.0\" or \"2.0.0-rc.1\"."
            )
        }
        self = version
    }
}
