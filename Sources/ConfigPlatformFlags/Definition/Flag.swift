package import ExactJSON

/// One flag of a flagd definition, compiled. Evaluating it reads nothing but the context and the time it is given.
package final class Flag: Sendable {
    package let key: String
    /// As it is declared; nil where nothing but its variants tells.
    package let type: FlagType?
    package let isEnabled: Bool
    package let variants: [Variant]
    /// Metadata of the flag over that of its set.
    package let metadata: JSONObject
    /// What is wrong with the targeting, known before it is evaluated.
    package let faults: [LogicFault]
    /// Names of shared rules that the targeting refers to, directly or through others.
    package let references: Set<String>
    package let definition: JSONObject
    /// Splits of which it is written down who got what, in order.
    package let experiments: [Experiment]

    /// The members `key` and, where there is any, `metadata` of an answer, as JSON text; made once so that answers need not make it.
    package let encodedMembers: [UInt8]
    private let defaultVariant: DefaultVariant
    private let targeting: Targeting
    private let evaluators: Evaluators
    private let bucketing: Bucketing

    private enum DefaultVariant {
        case none
        case variant(Variant)
        /// One that the flag does not have.
        case unknown
    }

    private enum Targeting {
        case none
        case rule(any Expression)
        /// Something other than an object.
        case invalid
    }

    /// Throws where the definition is not one; a rule that is wrong only makes evaluations fail that come there, and is told in `faults`.
    package init(
        key: String, as type: FlagType? = nil, definition: JSONObject, evaluators: Evaluators = Evaluators(),
        metadata: JSONObject = JSONObject(), bucketing: Bucketing = .cbor
    ) throws(InvalidFlagDefinition) {
        let place = JSONPointer.root
        switch definition["state"] {
        case .string("ENABLED")?: isEnabled = true
        case .string("DISABLED")?: isEnabled = false
        default:
            throw InvalidFlagDefinition(place.appending("state"), "must be \"ENABLED\" or \"DISABLED\"")
        }
        guard case .object(let named)? = definition["variants"], !named.isEmpty else {
            throw InvalidFlagDefinition(place.appending("variants"), "must be an object with at least one variant")
        }
        let variants = named.members.enumerated().map { index, member in
            Variant(name: member.name, value: member.value, index: index, isDouble: type == .double)
        }
        switch definition["defaultVariant"] {
        case nil, .null?, .string("")?: defaultVariant = .none
        case .string(let name)?: defaultVariant = Self.find(name, in: variants).map { .variant($0) } ?? .unknown
        case .bool(let value)?:
            defaultVariant = Self.find(value ? "true" : "false", in: variants).map { .variant($0) } ?? .unknown
        default:
            throw InvalidFlagDefinition(place.appending("defaultVariant"), "must be the name of a variant, or null")
        }
        var all = metadata
        switch definition["metadata"] {
        case nil, .null?: break
        case .object(let own)?:
            for member in own.members {
                switch member.value {
                case .bool, .string, .number: all[member.name] = member.value
                default:
                    throw InvalidFlagDefinition(
                        place.appending("metadata").appending(member.name), "must be a text, a number or a boolean")
                }
            }
        default: throw InvalidFlagDefinition(place.appending("metadata"), "must be an object")
        }
        let experiments = (definition["experiments"]?.arrayValue ?? []).compactMap { Experiment($0) }
        switch definition["targeting"] {
        case nil, .null?, .bool(false)?, .string("")?, .array([])?:
            (targeting, faults, references) = (.none, [], [])
        case .object(let object)? where object.isEmpty:
            (targeting, faults, references) = (.none, [], [])
        case .object(let object)?:
            var compiler = LogicCompiler(
                evaluators: evaluators, bucketing: bucketing, variants: variants, experiments: experiments)
            let rule = compiler.compile(.object(object), at: place.appending("targeting"))
            (targeting, faults, references) = (.rule(rule), compiler.faults, compiler.references)
        default:
            let fault = LogicFault(pointer: place.appending("targeting"), message: "must be an object")
            (targeting, faults, references) = (.invalid, [fault], [])
        }
        self.key = key
        self.type = type
        self.definition = definition
        self.variants = variants
        self.metadata = all
        self.evaluators = evaluators
        self.bucketing = bucketing
        self.experiments = experiments
        var encoded = Array(#""key":"#.utf8)
        JSONText.appendString(key, into: &encoded)
        if !all.isEmpty {
            encoded.append(contentsOf: #","metadata":"#.utf8)
            JSONValue.object(all).writeCanonical(into: &encoded)
        }
        encodedMembers = encoded
    }

    /// What the flag comes to for a context, asked as a type; nil asks for whatever type it has.
    ///
    /// - Parameter timestamp: Seconds since 1970, what rules see as `$flagd.timestamp`.
    package func resolve(_ context: FlagContext, as type: FlagType?, at timestamp: Int64) -> Resolution {
        guard isEnabled else { return Resolution(nil, .disabled) }
        switch targeting {
        case .none: return resolveDefault(.static, as: type)
        case .invalid: return Resolution(.parseError)
        case .rule(let rule):
            return Evaluation.run(flagKey: key, context: context, timestamp: timestamp) { evaluation in
                resolve(rule, in: &evaluation, as: type)
            }
        }
    }

    /// The same, with what each operator of the targeting came to. Made for people: it compiles the targeting anew.
    package func explain(
        _ context: FlagContext, as type: FlagType?, at timestamp: Int64
    ) -> (resolution: Resolution, steps: [TraceStep], stepsLeftOut: Int) {
        guard isEnabled, case .rule = targeting, let logic = definition["targeting"] else {
            return (resolve(context, as: type, at: timestamp), [], 0)
        }
        var compiler = LogicCompiler(evaluators: evaluators, bucketing: bucketing, isTraced: true)
        let rule = compiler.compile(logic, at: JSONPointer.root.appending("targeting"))
        let trace = TraceRecorder()
        let resolution = Evaluation.run(flagKey: key, context: context, timestamp: timestamp, trace: trace) {
            evaluation in
            resolve(rule, in: &evaluation, as: type)
        }
        return (resolution, trace.steps, trace.left)
    }

    private func resolve(
        _ rule: any Expression, in evaluation: inout Evaluation, as type: FlagType?
    ) -> Resolution {
        do {
            switch try rule.decision(in: &evaluation) {
            case .variant(let variant):
                return given(variant, .targetingMatch, as: type, experiment: evaluation.experiment)
            case .value(.null): return resolveDefault(.default, as: type)
            case .value(let value):
                guard let name = value.variantName, let found = variants.first(where: { $0.isChosen(by: name) }) else {
                    return Resolution(.general)
                }
                return given(found, .targetingMatch, as: type, experiment: evaluation.experiment)
            }
        } catch {
            if case .unknownOperator = error { return Resolution(.parseError) }
            return Resolution(.general)
        }
    }

    private func resolveDefault(_ reason: Resolution.Reason, as type: FlagType?) -> Resolution {
        switch defaultVariant {
        case .none: Resolution(nil, .default)
        case .unknown: Resolution(.general)
        case .variant(let variant): given(variant, reason, as: type)
        }
    }

    @inline(__always)
    private func given(
        _ variant: Variant, _ reason: Resolution.Reason, as type: FlagType?, experiment: Int = -1
    ) -> Resolution {
        if let type, !variant.isGiven(as: type) { return Resolution(.typeMismatch) }
        return Resolution(variant, reason, experiment: experiment)
    }

    /// Its targeting, and the shared rules that this refers to.
    package var logic: [JSONValue] {
        [definition["targeting"]].compactMap { $0 } + references.sorted().compactMap { evaluators[$0] }
    }

    package func variant(named name: String) -> Variant? { Self.find(name, in: variants) }

    private static func find(_ name: String, in variants: [Variant]) -> Variant? {
        var index = 0
        while index < variants.count {
            if variants[index].name.hasSameBytes(as: name) { return variants[index] }
            index &+= 1
        }
        return nil
    }
}

/// A definition that is none.
package struct InvalidFlagDefinition: Error, Hashable, Sendable {
    package let pointer: JSONPointer
    package let message: String

    init(_ pointer: JSONPointer, _ message: String) {
        self.pointer = pointer
        self.message = message
    }
}
