package import ConfigPlatformModel

/// A setting that was found: an environment's own.
package struct SearchHit: Sendable {
    package let setting: StoredSetting
    package let definition: SettingDefinitionBody?
}

extension Platform {
    /// The settings whose key, value, description or tags hold a text, whatever the case of its ASCII letters, in order of environment
    /// and key.
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
        for candidate in project.sortedEnvironments where environment.map({ $0 == candidate.name }) ?? true {
            if let after, candidate.name < after.environment { continue }
            let scope = viewpoint.keys(.read, in: candidate.name)
            if scope.isNone { continue }
            for setting in candidate.own {
                if let after, candidate.name == after.environment, setting.key <= after.key { continue }
                let isHit =
                    needle.occurs(in: setting.key.text.utf8) || needle.occurs(in: setting.body.value)
                    || defined.contains(setting.key)
                guard isHit, scope.permits(setting.key, in: project) else { continue }
                if hits.count == limit { return (hits, false, state.token) }
                hits.append(SearchHit(setting: setting, definition: project.definitions[setting.key]?.body))
            }
        }
        return (hits, true, state.token)
    }

    private struct Needle {
        let bytes: [UInt8]

        init(_ text: String) { bytes = text.utf8.map(Self.folded) }

        static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

        func occurs(in body: SettingDefinitionBody) -> Bool {
            occurs(in: body.description.utf8) || body.tags.contains { occurs(in: $0.utf8) }
        }

        func occurs(in haystack: some Collection<UInt8>) -> Bool {
            haystack.withContiguousStorageIfAvailable(occurs) ?? Array(haystack).withUnsafeBufferPointer(occurs)
        }

        private func occurs(in haystack: UnsafeBufferPointer<UInt8>) -> Bool {
            guard haystack.count >= bytes.count else { return false }
            for start in 0...haystack.count - bytes.count {
                var index = 0
                while index < bytes.count, Self.folded(haystack[start + index]) == bytes[index] { index += 1 }
                if index == bytes.count { return true }
            }
            return false
        }
    }
}
