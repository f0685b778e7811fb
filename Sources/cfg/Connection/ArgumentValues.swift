import ArgumentParser
import ConfigPlatformModel
import Foundation

/// The environment of this process.
enum ProcessVariables {
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    /// What a variable holds, where it can be read; otherwise the error names the variable.
    static func parsed<Value>(_ name: String, _ text: String, _ parse: (String) throws -> Value) throws -> Value {
        do {
            return try parse(text)
        } catch let error as ValidationError {
            throw ValidationError("The environment variable \(name): \(error.message)")
        }
    }
}

/// Runs a parser of the model for an argument of the command line.
private func argument<Value>(_ parse: () throws(InvalidIdentifier) -> Value) throws -> Value {
    do throws(InvalidIdentifier) {
        return try parse()
    } catch {
        throw ValidationError(error.message)
    }
}

/// An identifier of the model that can be an argument of the command line.
protocol IdentifierArgument {
    init(parsing text: some StringProtocol) throws(InvalidIdentifier)
}

extension IdentifierArgument {
    static func argument(_ text: String) throws -> Self {
        try cfg.argument { () throws(InvalidIdentifier) in try Self(parsing: text) }
    }
}

extension ProjectName: IdentifierArgument {}
extension EnvironmentName: IdentifierArgument {}
extension SchemaName: IdentifierArgument {}
extension ValidatorName: IdentifierArgument {}
extension TokenName: IdentifierArgument {}
extension KillHookName: IdentifierArgument {}
extension RoleName: IdentifierArgument {}
extension IssuerName: IdentifierArgument {}
extension BindingName: IdentifierArgument {}
extension Principal: IdentifierArgument {}
extension ChangeRequestID: IdentifierArgument {}
extension ConfigKey: IdentifierArgument {}
extension Revision: IdentifierArgument {}
extension RevisionToken: IdentifierArgument {}

extension Principal {
    /// Somebody; a name alone is that of a user of the platform's own.
    static func identity(_ text: String) throws -> Principal {
        try argument(text.contains(":") ? text : "user:" + text)
    }

    /// A group; a name alone is that of one of the platform's own.
    static func group(_ text: String) throws -> Principal {
        try argument(text.hasPrefix("group:") ? text : "group:" + text)
    }
}

extension Digest {
    static func argument(_ text: String) throws -> Digest {
        guard let digest = Digest(hexadecimal: text) else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' is no digest: give the 64 hexadecimal digits that 'cfg request show' names."
            )
        }
        return digest
    }
}

extension Action: ExpressibleByArgument {}

extension Kind: ExpressibleByArgument {}

/// A point in the past: a revision (`42`), a time (`2026-11-23T06:00:00Z`), or how long ago (`90s`, `15m`, `2h`, `3d`,
/// `1w`).
struct MomentArgument: Hashable {
    enum Point: Hashable {
        case revision(Revision)
        case time(Timestamp)
    }

    let point: Point

    /// As the API takes it.
    var text: String {
        switch point {
        case .revision(let revision): String(revision.number)
        case .time(let time): time.text
        }
    }

    static func argument(_ text: String) throws -> MomentArgument {
        try argument(text, now: Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)))
    }

    static func argument(_ text: String, now: Timestamp) throws -> MomentArgument {
        if let revision = try? Revision(parsing: text) { return MomentArgument(point: .revision(revision)) }
        if let seconds = DurationArgument.seconds(text) {
            return MomentArgument(point: .time(now.adding(seconds: -seconds)))
        }
        guard let time = (try? Timestamp(parsing: text)) ?? (try? Timestamp(parsing: withSeconds(text))) else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' is no point in the past: write a revision (42), a time (2026-11-23T06:00:00Z) or "
                    + "how long ago it was (15m, 2h, 3d).")
        }
        return MomentArgument(point: .time(time))
    }

    /// A time to the minute, `2026-11-23T06:00Z`, with the seconds that RFC 3339 asks for.
    private static func withSeconds(_ text: String) -> String {
        let date = "0000-00-00T00:00".count
        guard text.count > date else { return text }
        return text.prefix(date) + ":00" + text.dropFirst(date)
    }
}

/// A length of time such as `90s`, `15m`, `2h`, `30d` or `4w`.
struct DurationArgument: Hashable {
    let seconds: Int64

    static func argument(_ text: String) throws -> DurationArgument {
        guard let seconds = seconds(text), seconds > 0 else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' is no length of time: write a number and s, m, h, d or w, such as 30d."
            )
        }
        return DurationArgument(seconds: seconds)
    }

    static func seconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last] else { return nil }
        let digits = text.dropLast()
        guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int64(digits)
        else { return nil }
        return count * unit
    }
}

/// A point in the future: a time (`2026-11-24T06:00:00Z`), or how long from now (`15m`, `2h`, `3d`).
struct FutureArgument: Hashable {
    let time: Timestamp

    static func argument(_ text: String) throws -> FutureArgument {
        try argument(text, now: Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)))
    }

    static func argument(_ text: String, now: Timestamp) throws -> FutureArgument {
        if let seconds = DurationArgument.seconds(text) { return FutureArgument(time: now.adding(seconds: seconds)) }
        guard let time = try? Timestamp(parsing: text) else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' is no time: write 2026-11-24T06:00:00Z, or how long from now (15m, 2h, 3d)."
            )
        }
        guard time > now else { throw ValidationError("\(time) has passed; give a time in the future.") }
        return FutureArgument(time: time)
    }
}

/// What `expect` demands of a setting.
enum ExpectationArgument: Hashable {
    case absent
    case revision(Revision)

    static func argument(_ text: String) throws -> ExpectationArgument {
        if text == "absent" { return .absent }
        guard let revision = try? Revision(parsing: text) else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' cannot be expected: write a revision such as 41, or absent.")
        }
        return .revision(revision)
    }

    var json: JSONValue {
        switch self {
        case .absent: "absent"
        case .revision(let revision): .int(revision.number)
        }
    }
}
