import Foundation

/// Says on standard error what is going on, once it has gone on for a second.
enum ProgressLine {
    private static let clear = "\r\u{1B}[2K"

    /// On a terminal a line that counts the seconds and disappears; elsewhere one line, once.
    static func during<Result: Sendable>(
        _ activity: String, isTerminal: Bool = Terminal.current.isErrorTerminal,
        _ body: sending () async throws -> Result
    ) async throws -> Result {
        let ticker = Task {
            var seconds = 0
            while true {
                do { try await Task.sleep(for: .seconds(1)) } catch { return seconds > 0 }
                seconds += 1
                if isTerminal {
                    Output.writeError("\(clear)\(activity) … \(seconds) s")
                } else if seconds == 1 {
                    Output.writeError("\(activity) …\n")
                }
            }
        }
        func end() async {
            ticker.cancel()
            let hasShown = await ticker.value
            if isTerminal, hasShown { Output.writeError(clear) }
        }
        do {
            let result = try await body()
            await end()
            return result
        } catch {
            await end()
            throw error
        }
    }
}
