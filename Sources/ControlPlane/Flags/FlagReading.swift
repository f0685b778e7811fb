package import ConfigPlatformFlags
package import ConfigPlatformModel

/// The flags of one environment at one revision: all that one request evaluates is of the same.
package struct FlagReading: Sendable {
    package let flags: ResolvedFlags
    package let project: ProjectName
    package let token: RevisionToken
    /// What rules see as the present, in seconds since 1970.
    package let timestamp: Int64
    /// Where evaluations are counted; nil for those of another moment.
    let meter: FlagUsageMeter?
    /// Where it is written down which units experiments gave which variants, and for which client; nil for evaluations of another moment.
    private(set) var log: (assignments: AssignmentLog, client: String)?

    package var environment: EnvironmentName { flags.environment }

    /// The environment's name among sets of flags: `project/environment`.
    package var setName: String { "\(project.rawValue)/\(environment.rawValue)" }

    /// The same for who only looks how flags come about: nothing is written down of experiments.
    package var withoutAssignments: FlagReading {
        var reading = self
        reading.log = nil
        return reading
    }

    /// All flags in flagd's format, for flagd's own clients.
    package var portableDocument: [UInt8] { flags.portableDocument(named: setName) }

    /// What a flag comes to; `FLAG_NOT_FOUND` where there is none of that key, or one that is archived.
    package func resolve(_ key: String, _ context: FlagContext, as type: FlagType? = nil) -> FlagAnswer {
        guard let name = try? FlagKey(parsing: key), let flag = flags[name], let compiled = flag.compiled else {
            return FlagAnswer(key: key, resolution: Resolution(.flagNotFound), flag: nil)
        }
        return answer(compiled, context, as: type)
    }

    /// Calls the body with what every flag comes to that is not archived, in order of key.
    package func resolveAll(_ context: FlagContext, _ body: (FlagAnswer) -> Void) {
        for flag in flags.compiled { body(answer(flag, context, as: nil)) }
    }

    /// What every flag comes to that is not archived, in order of key.
    package func resolveAll(_ context: FlagContext) -> [FlagAnswer] {
        var answers: [FlagAnswer] = []
        resolveAll(context) { answers.append($0) }
        return answers
    }

    private func answer(_ flag: Flag, _ context: FlagContext, as type: FlagType?) -> FlagAnswer {
        let resolution = flag.resolve(context, as: type, at: timestamp)
        meter?.count(flag, resolution)
        if resolution.experiment >= 0, let log,
            let assignment = flag.assignment(resolution, context, at: timestamp, client: log.client)
        {
            log.assignments.add(assignment, in: environment, of: project)
        }
        return FlagAnswer(key: flag.key, resolution: resolution, flag: flag)
    }
}

/// What one flag came to.
package struct FlagAnswer: Sendable {
    package let key: String
    package let resolution: Resolution
    /// Nil where there is none of that key.
    package let flag: Flag?

    /// As the flag is declared; nil where there is none.
    package var type: FlagType? { flag?.type }

    package var metadata: JSONObject { flag?.metadata ?? JSONObject() }

    /// What went wrong, in words; nil where nothing did.
    package var errorDetails: String? {
        switch resolution.error {
        case nil: nil
        case .flagNotFound: "There is no flag '\(key)' here."
        case .parseError: "The flag's targeting has an operator or a reference that there is none of."
        case .typeMismatch: "The flag's value is of another type than was asked for."
        case .targetingKeyMissing: "The context has no targeting key."
        case .invalidContext: "The context is not one."
        case .general:
            "The flag's targeting came to no variant of it, or could not be evaluated; `cfg flag evaluate --explain` shows where."
        }
    }
}

extension Platform {
    /// The flags of an environment as they stand. Never waits and never touches the database.
    package func flags(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName
    ) throws(Problem) -> FlagReading {
        let state = try servedState()
        let now = world.now()
        let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
        try viewpoint.require(.evaluate, .flag, in: environment)
        return FlagReading(
            flags: try viewpoint.flags(of: environment, in: state, at: .now), project: project, token: state.token,
            timestamp: now.microseconds / 1_000_000,
            meter: usage.meter(project, environment, for: caller.principal.rawValue),
            log: (assignments, caller.principal.rawValue))
    }

    /// As they stood at some moment; rules see its time as the present.
    package func flags(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, at moment: Moment
    ) async throws(Problem) -> FlagReading {
        let viewpoint = try viewpoint(caller, of: project, at: moment)
        try viewpoint.require(.evaluate, .flag, in: environment, at: moment)
        let state = try await state(of: project, at: moment)
        let time: Timestamp =
            switch moment {
            case .now: world.now()
            case .revision: state.committedAt
            case .time(let time): time
            }
        let client = caller.principal.rawValue
        let meter = moment == .now ? usage.meter(project, environment, for: client) : nil
        return FlagReading(
            flags: try viewpoint.flags(of: environment, in: state, at: moment), project: project, token: state.token,
            timestamp: time.microseconds / 1_000_000, meter: meter, log: moment == .now ? (assignments, client) : nil)
    }

    /// The environment whose flags a client is given that names none: the only one its token is for.
    ///
    /// - Parameter selector: `project/environment`, where the client names one; also as `flagSetId=project/environment`.
    package func flagEnvironment(
        of caller: Caller, selector: String?
    ) throws(Problem) -> (project: ProjectName, environment: EnvironmentName) {
        if let selector, !selector.isEmpty {
            var text = selector[...]
            if text.hasPrefix("flagSetId=") { text = text.dropFirst("flagSetId=".count) }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let project = try? ProjectName(parsing: String(parts[0])),
                let environment = try? EnvironmentName(parsing: String(parts[1]))
            else {
                throw Problem(
                    .invalidRequest, "A selector names a project and an environment, such as \"shop/production\".")
            }
            return (project, environment)
        }
        let places = Set(
            (caller.subject.grants ?? []).map { grant -> FlagsPlace? in
                guard let project = grant.project, let environments = grant.environments, environments.count == 1
                else { return nil }
                return FlagsPlace(project: project, environment: environments[0])
            })
        guard places.count == 1, let place = places.first ?? nil else {
            throw Problem(
                .invalidRequest,
                "Which environment's flags? Use a token that is for one project and environment (`cfg token create --role evaluator "
                    + "--project … --environment …`), or name them: under /projects/PROJECT/environments/ENVIRONMENT/ofrep, or as the "
                    + "selector \"PROJECT/ENVIRONMENT\".")
        }
        return (place.project, place.environment)
    }
}

/// Where a set of flags is.
struct FlagsPlace: Hashable, Sendable {
    let project: ProjectName
    let environment: EnvironmentName
}
