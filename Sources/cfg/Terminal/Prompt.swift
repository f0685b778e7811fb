import ArgumentParser
import Dispatch
import Foundation

/// Questions to whoever sits at the terminal. They go to standard error, so that output can be redirected.
enum Prompt {
    /// A line that is not shown while it is typed; from a pipe, its first line.
    static func secret(_ question: String) throws -> String {
        guard Terminal.current.isInputTerminal else { return readLine(strippingNewline: true) ?? "" }
        Output.writeError(question)
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw ValidationError("The terminal cannot hide what is typed; give it on standard input.")
        }
        let shown = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        let interruption = restoring(shown)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        defer {
            settings = shown
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            interruption.cancel()
            signal(SIGINT, SIG_DFL)
            Output.writeError("\n")
        }
        return readLine(strippingNewline: true) ?? ""
    }

    /// Ctrl-C while nothing is shown must not leave the terminal so.
    private static func restoring(_ settings: termios) -> any DispatchSourceSignal {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            var settings = settings
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
            Output.writeError("\n")
            _exit(ExitStatus.interrupted.rawValue)
        }
        source.resume()
        return source
    }

    /// Asks before something that is not easily undone. Without a terminal to ask on, `--yes` must have been given.
    static func confirm(_ question: String, isConfirmed: Bool) throws {
        guard !isConfirmed else { return }
        guard Terminal.current.isInputTerminal else {
            throw ValidationError("\(question) Nobody can be asked here; give --yes to go ahead.")
        }
        Output.writeError("\(question) Type 'yes' to go ahead: ")
        guard readLine(strippingNewline: true)?.lowercased() == "yes" else {
            Output.writeError("Nothing was done.\n")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}
