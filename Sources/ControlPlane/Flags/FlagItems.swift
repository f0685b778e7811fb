package import ConfigPlatformFlags
package import ConfigPlatformModel
import Store

/// Which flags of a project are asked for: every given part must match.
package struct FlagFilter: Hashable, Sendable {
    package var tag: String?
    package var owner: String?
    package var lifecycle: FlagBody.Lifecycle?
    package var purpose: FlagBody.Purpose?

    package init(
        tag: String? = nil, owner: String? = nil, lifecycle: FlagBody.Lifecycle? = nil,
        purpose: FlagBody.Purpose? = nil
    ) {
        self.tag = tag
        self.owner = owner
        self.lifecycle = lifecycle
        self.purpose = purpose
    }

    func matches(_ flag: FlagBody) -> Bool {
        (tag.map { tag in flag.tags.contains { $0.hasSameBytes(as: tag) } } ?? true)
            && (owner.map { flag.owner?.hasSameBytes(as: $0) ?? false } ?? true)
            && (lifecycle.map { $0 == flag.lifecycle } ?? true) && (purpose.map { $0 == flag.purpose } ?? true)
    }
}

/// What is said of a flag in one environment, by itself and by those it inherits from, and what that comes to.
package struct EnvironmentFlag: Sendable {
    package let flag: ResolvedFlag
    package let environment: EnvironmentName
    /// Which of it the reader may see.
    package let readable: Set<Kind>

    package var rule: StoredRule? { readable.contains(.flagRule) ? flag.rule : nil }
    package var rollout: StoredRollout? { readable.contains(.flagRollout) ? flag.rollout : nil }
    package var kill: StoredKill? { readable.contains(.flagKill) ? flag.kill : nil }

    /// Nil for a flag that is archived, and where not all of it may be seen.
    package var definition: JSONObject? {
        readable.count == Kind.ofFlagInEnvironment.count ? flag.lowered?.definition : nil
    }
}

extension Kind {
    package static let ofFlagInEnvironment: [Kind] = [.flagRule, .flagRollout, .flagKill]
}

extension ProjectView {
    /// The project's flags in order of key, from after one on; throws where they may not be read.
    package func flags(matching filter: FlagFilter, after key: FlagKey?) throws(Problem) -> [StoredFlag] {
        try viewpoint.require(.read, .flag)
        return project.flags.flags.filter { flag in
            key.map { $0.rawValue.precedesInUTF16(flag.order) } ?? true && filter.matches(flag.body)
        }
    }

    /// Throws `not-found` where there is none, and where flags may not be read `forbidden`.
    package func flag(_ key: FlagKey) throws(Problem) -> StoredFlag {
        try viewpoint.require(.read, .flag)
        guard let flag = project.flags[key] else { throw .noFlag(key) }
        return flag
    }

    package func segments(after name: SegmentName?) throws(Problem) -> [StoredSegment] {
        try viewpoint.require(.read, .segment)
        return project.flags.segments.filter { segment in
            name.map { $0.rawValue.precedesInUTF16(segment.order) } ?? true
        }
    }

    package func segment(_ name: SegmentName) throws(Problem) -> StoredSegment {
        try viewpoint.require(.read, .segment)
        guard let segment = project.flags[name] else { throw .noSegment(name) }
        return segment
    }

    /// The flags as they stand in an environment, in order of key, from after one on.
    package func flags(
        in environment: EnvironmentName, matching filter: FlagFilter, after key: FlagKey?
    ) throws(Problem) -> [EnvironmentFlag] {
        let (flags, readable) = try reading(environment)
        return try self.flags(matching: filter, after: key).compactMap { stored in
            stored.place.flag.flatMap { flags[$0] }.map {
                EnvironmentFlag(flag: $0, environment: environment, readable: readable)
            }
        }
    }

    package func flag(_ key: FlagKey, in environment: EnvironmentName) throws(Problem) -> EnvironmentFlag {
        let (flags, readable) = try reading(environment)
        guard let flag = flags[key] else { throw .noFlag(key) }
        return EnvironmentFlag(flag: flag, environment: environment, readable: readable)
    }

    /// How a flag stands in every environment where that may be read, in order of name.
    package func everywhere(_ key: FlagKey) -> [EnvironmentFlag] {
        project.environments.keys.sorted().compactMap { name in
            (try? reading(name)).flatMap { flags, readable in
                flags[key].map { EnvironmentFlag(flag: $0, environment: name, readable: readable) }
            }
        }
    }

    private func reading(
        _ environment: EnvironmentName
    ) throws(Problem) -> (flags: ResolvedFlags, readable: Set<Kind>) {
        try viewpoint.require(.read, .flagRule, in: environment, at: moment)
        guard let flags = project.resolvedFlags[environment] else {
            throw viewpoint.noEnvironment(environment, at: moment)
        }
        return (flags, Set(Kind.ofFlagInEnvironment.filter { viewpoint.permits(.read, $0, in: environment) }))
    }
}

extension Platform {
    /// The history of items of flags, newest first; of those after the first that the caller may not read nothing.
    ///
    /// At most `limit` versions and those of the last one's revision: a page ends between revisions, of which one may have written several
    /// of the items.
    package func history(
        _ caller: Caller, of places: [FlagPlace], in project: ProjectName, before: Revision?, limit: Int
    ) async throws(Problem) -> LedgerPage<(place: FlagPlace, version: ItemVersion)> {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        var found = LedgerPage<(place: FlagPlace, version: ItemVersion)>()
        // Below it there may be versions that were not read.
        var floor = Revision.zero
        if let first = places.first { try viewpoint.require(.read, first.kind, in: first.environment) }
        for place in places {
            guard viewpoint.permits(.read, place.kind, in: place.environment) else { continue }
            let address = place.address(in: project)
            let page = try await reading { () async throws in
                try await self.store.versions(of: address, before: before, limit: limit)
            }
            found.elements += page.elements.map { (place, $0) }
            if page.hasMore, let last = page.elements.last {
                floor = max(floor, last.revision)
                found.hasMore = true
            }
        }
        // What one change wrote stays in the order of the kinds.
        found.elements.sort { $0.version.revision > $1.version.revision }
        if found.elements.count > limit { floor = max(floor, found.elements[limit - 1].version.revision) }
        let end = found.elements.firstIndex { $0.version.revision < floor }
        if let end {
            found.elements.removeSubrange(end...)
            found.hasMore = true
        }
        return found
    }
}

extension Problem {
    package static func noFlag(_ key: FlagKey) -> Problem {
        Problem(
            .notFound,
            "There is no flag '\(InvalidIdentifier.shown(key.rawValue))' in this project; list what there is with GET …/flags."
        ).lacking(Missing(.flag, key.rawValue))
    }

    package static func noSegment(_ name: SegmentName) -> Problem {
        Problem(
            .notFound, "There is no segment '\(name)' in this project; list what there is with GET …/segments."
        ).lacking(Missing(.segment, name.rawValue))
    }
}
