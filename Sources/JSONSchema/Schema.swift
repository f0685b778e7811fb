package import ExactJSON

/// A compiled JSON Schema: drafts 2020-12 (where `$schema` names none), 2019-09, 07, 06 and 04. Compiled once, it can
/// be applied any number of times and from any thread.
package struct Schema: Sendable {
    let program: Program

    /// `baseURI` is what the schema's own references are relative to unless its `$id` says otherwise. References lead
    /// to the schema itself, to the registry's documents and to the metaschemas; nothing is fetched.
    package init(
        compiling schema: JSONValue, baseURI: String = "", registry: SchemaRegistry = SchemaRegistry(),
        options: SchemaOptions = .standard
    ) throws(SchemaError) {
        program = try SchemaCompiler.compile(schema, baseURI: baseURI, registry: registry, options: options)
    }

    /// Whether the value is valid, found out as quickly as can be. A value that takes more than `SchemaLimits` allow to
    /// judge is not.
    package func isValid(_ value: JSONValue) -> Bool {
        program.withTables { tables in
            var evaluation = Evaluation(tables: tables, limits: program.limits)
            return evaluation.isValid(value)
        }
    }
}
