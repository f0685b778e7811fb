import ArgumentParser

struct CompletionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print the completion script of a shell.",
        discussion: """
            Names of projects, environments and keys are completed too, by asking the server.

              bash:  cfg completions bash > ~/.local/share/bash-completion/completions/cfg
              zsh:   cfg completions zsh > "${fpath[1]}/_cfg"
              fish:  cfg completions fish > ~/.config/fish/completions/cfg.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() async throws {
        let completionShell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Output.write(Cfg.completionScript(for: completionShell) + "\n")
    }
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this program.",
        discussion: "With --output json: {\"version\":\"…\"}.")

    @Option(name: .shortAndLong, help: "How to write the answer: text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        switch output {
        case .json: Output.write("{\"version\":\"\(Version.current)\"}\n")
        case .text: Output.write("cfg \(Version.current)\n")
        }
    }
}
