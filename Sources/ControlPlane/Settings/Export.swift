package import ConfigFormats
import ConfigPlatformFlags
package import ConfigPlatformModel

/// What an environment can be written as: its settings in one of their formats, or its flags as a definition file.
package enum ExportFormat: Hashable, Sendable {
    case settings(ConfigFormat)
    case flagd

    /// The format that a file's name announces.
    package init?(fileName: String) {
        switch ImportFormat(fileName: fileName) {
        case .flags(.flagd)?: self = .flagd
        case .settings(let format)?: self = .settings(format)
        default: return nil
        }
    }
}

extension ExportFormat: CaseIterable, RawRepresentable {
    package static var allCases: [ExportFormat] { ConfigFormat.allCases.map { .settings($0) } + [.flagd] }

    package init?(rawValue: String) {
        guard let format = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = format
    }

    package var rawValue: String {
        switch self {
        case .settings(let format): format.rawValue
        case .flagd: FlagFormat.flagd.rawValue
        }
    }
}

extension Platform {
    /// The resolved document of an environment in a file format.
    package func export(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, as format: ConfigFormat,
        at moment: Moment
    ) async throws(Problem) -> (bytes: [UInt8], reading: EnvironmentReading) {
        let reading = try await read(caller, environment, of: project, at: moment)
        let contents = reading.environment.contents
        let values = contents.settings.map { setting in
            (key: setting.key, value: (try? JSONValue(parsing: contents.value(of: setting))) ?? .null)
        }
        return (try format.write(values), reading)
    }
}
