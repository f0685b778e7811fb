package struct SchemaOptions: Sendable {
    /// Whether `format` refuses texts that are not of the format, even where the schema's vocabulary makes it an
    /// annotation.
    package var assertsFormats: Bool
    package var limits: SchemaLimits

    package static let standard = SchemaOptions()

    package init(assertsFormats: Bool = false, limits: SchemaLimits = .standard) {
        self.assertsFormats = assertsFormats
        self.limits = limits
    }
}
