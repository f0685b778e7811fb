import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// What the shell offers after TAB: names that the server knows. Where it cannot be asked quickly, nothing is offered.
enum Completions {
    static let projects = CompletionKind.custom { _, _, _ in
        await asked { client, _ in
            try await client.projects(after: nil, limit: Pages.sizeMax).value.items.map(\.name)
        }
    }

    static let environments = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            let project = try project(words, variables)
            return try await client.environments(of: project, after: nil, limit: Pages.sizeMax).value.items.map(\.name)
        }
    }

    static let keys = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            let project = try project(words, variables)
            let name = value(of: ["-e", "--environment"], in: words) ?? variables["CFG_ENVIRONMENT"] ?? ""
            let environment = try EnvironmentName.argument(name)
            return try await client.settings(of: environment, in: project, at: nil).value.settings.map(\.key)
        }
    }

    static let flags = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            try await client.flags(of: try project(words, variables), after: nil, limit: Pages.sizeMax).value.items
                .map(\.key)
        }
    }

    static let killHooks = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            let project = try project(words, variables)
            let name = value(of: ["-e", "--environment"], in: words) ?? variables["CFG_ENVIRONMENT"] ?? ""
            return try await client.killHooks(in: try EnvironmentName.argument(name), of: project).value.items
                .map(\.name)
        }
    }

    static let segments = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            try await client.segments(of: try project(words, variables), after: nil, limit: Pages.sizeMax).value.items
                .map(\.name)
        }
    }

    static let roles = CompletionKind.custom { _, _, _ in
        await asked { client, _ in try await client.roles(after: nil, limit: Pages.sizeMax).value.items.map(\.name) }
    }

    static let groups = CompletionKind.custom { _, _, _ in
        await asked { client, _ in try await client.groups(after: nil, limit: Pages.sizeMax).value.items.map(\.name) }
    }

    static let identities = CompletionKind.custom { _, _, _ in
        await asked { client, _ in
            try await client.identities(after: nil, limit: Pages.sizeMax).value.items.map(\.name)
        }
    }

    static let issuers = CompletionKind.custom { _, _, _ in
        await asked { client, _ in try await client.issuers(after: nil, limit: Pages.sizeMax).value.items.map(\.name) }
    }

    static let bindings = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            try await client.bindings(of: try home(words, variables), after: nil, limit: Pages.sizeMax).value.items
                .map(\.name)
        }
    }

    /// Those that are open.
    static let requests = CompletionKind.custom { words, _, _ in
        await asked { client, variables in
            try await client.changeRequests(of: try home(words, variables), state: .open, limit: Pages.sizeMax).value
                .items.map(\.id)
        }
    }

    private static func home(_ words: [String], _ variables: [String: String]) throws -> ProjectName {
        words.contains("--platform") ? .platform : try project(words, variables)
    }

    private static func project(_ words: [String], _ variables: [String: String]) throws -> ProjectName {
        try ProjectName.argument(value(of: ["-p", "--project"], in: words) ?? variables["CFG_PROJECT"] ?? "")
    }

    private static func asked(
        _ question: (AdministrationClient, [String: String]) async throws -> [String]
    ) async -> [String] {
        let variables = ProcessVariables.all
        do {
            let login = try Credentials.read(Credentials.path(variables))
            let choice = try ServerChoice(server: nil, caFile: nil, variables: variables, login: login)
            guard let token = choice.token else { return [] }
            let transport = try Transport(
                server: choice.server, token: AccessToken(token),
                certificateAuthorityFile: choice.certificateAuthorityFile, userAgent: Version.userAgent,
                connectTimeout: .seconds(1), readTimeout: .seconds(2))
            return try await question(AdministrationClient(transport, policy: RetryPolicy(attempts: 1)), variables)
        } catch {
            return []
        }
    }

    /// What follows one of the names, or stands in the same word after `=`.
    static func value(of names: [String], in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            for name in names {
                if word == name, index + 1 < words.count { return words[index + 1] }
                if name.hasPrefix("--"), word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }
}
