package import ConfigPlatformFlags

extension Principal {
    /// Who acts when a hook is pulled: `hook:PROJECT/ENVIRONMENT/NAME`.
    package static func killHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName
    ) -> Principal {
        Principal(trusted: "hook:\(project.rawValue)/\(environment.rawValue)/\(name.rawValue)")
    }

    var isKillHook: Bool { rawValue.utf8.starts(with: "hook:".utf8) }
}

extension Author {
    /// The hook itself, by right of its item. What it may write is checked by the decision.
    package static func killHook(
        _ name: KillHookName, in environment: EnvironmentName, of project: ProjectName
    ) -> Author {
        .platform(as: .killHook(name, in: environment, of: project))
    }
}

extension ProjectState? {
    /// Refuses what a hook is not for: it needs nobody's approval, and so does nothing but kill the flags that its item names, in its own
    /// environment, as its item says.
    func checkPull(_ operations: [LaidOutOperation], _ proposal: Proposal) throws(Problem) {
        guard case .pull(let name, let environment) = proposal.purpose else {
            guard !proposal.author.principal.isKillHook else {
                throw Problem(.forbidden, "A kill hook does nothing but kill.")
            }
            return
        }
        let refusal = Problem(
            .forbidden, "A kill hook kills the flags that it names, in its own environment, and no others.")
        guard proposal.author == .killHook(name, in: environment, of: proposal.project) else { throw refusal }
        guard let hook = self?.access.killHook(name, in: environment), !hook.isDisabled else { throw refusal }
        for operation in operations {
            guard case .putFlag(.kill(let key, environment), .kill(let body)) = operation.target,
                let flag = self?.flags[key], hook.covers(flag),
                body.variant == hook.kill(of: flag.body, because: "").variant
            else { throw refusal }
        }
    }
}

extension ProjectState {
    /// The flags that a hook would kill, in order of key: those it is for, or those of them that are asked for, that are neither archived nor
    /// killed there already.
    ///
    /// Throws `forbidden` where a flag is asked for that the hook is not for, whether or not there is such a flag.
    package func flags(
        for hook: KillHookBody, among asked: [FlagKey]?, in environment: EnvironmentName
    ) throws(Problem) -> [StoredFlag] {
        var found = asked.map { Set($0).sorted() }?.compactMap { flags[$0] } ?? hook.flags.compactMap { flags[$0] }
        if let asked {
            let covered = Set(found.filter(hook.covers).compactMap(\.place.flag))
            for (index, key) in asked.enumerated() where !covered.contains(key) && !hook.flags.contains(key) {
                throw Problem(
                    .forbidden,
                    "This hook is not for the flag '\(InvalidIdentifier.shown(key.rawValue))'. Leave it out, or have the hook name it.",
                    violations: [Violation("Not a flag of this hook.", pointer: "/flags/\(index)", keyword: "flags")])
            }
        } else if !hook.tags.isEmpty {
            let named = Set(hook.flags)
            found += flags.flags.filter { flag in
                hook.covers(flag) && !(flag.place.flag.map(named.contains) ?? false)
            }
        }
        return found.filter { flag in
            guard let key = flag.place.flag, flag.body.lifecycle != .archived else { return false }
            return resolvedFlags[environment]?[key]?.kill == nil
        }.sorted { $0.order.precedesInUTF16($1.order) }
    }

    /// Refuses a hook that names flags which are not there, or a variant that one of them has not.
    func checkKillHook(at address: ItemAddress) throws(Problem) {
        guard let environment = address.environment, let name = try? KillHookName(parsing: address.key),
            let hook = access.killHook(name, in: environment)
        else { return }
        var violations: [Violation] = []
        func violation(_ message: String, at pointer: String) -> Violation {
            Violation(
                message, pointer: pointer, keyword: Kind.killHook.rawValue, environment: environment,
                key: name.rawValue, kind: .killHook)
        }
        for key in hook.flags {
            let shown = InvalidIdentifier.shown(key.rawValue)
            guard let flag = flags[key] else {
                violations.append(violation("There is no flag '\(shown)' in this project.", at: "/flags"))
                continue
            }
            if let variant = hook.variant, flag.body.variants[variant.rawValue] == nil {
                violations.append(
                    violation(
                        "The flag '\(shown)' has no variant '\(InvalidIdentifier.shown(variant.rawValue))'.",
                        at: "/variant"))
            }
        }
        if let first = violations.first {
            throw Problem(
                .invalidChange, first.message + (violations.count > 1 ? " (and \(violations.count - 1) more)" : ""),
                violations: Array(violations.prefix(Problem.violationsMax)))
        }
    }
}
