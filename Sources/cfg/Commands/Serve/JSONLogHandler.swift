import ConfigPlatformModel
import ControlPlane
import Foundation
import Logging

/// Log lines as JSON objects on standard error: `{"label","level","message","time",…metadata}`.
struct JSONLogHandler: LogHandler {
    private let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: JSONObject = [:]
        for (key, value) in metadata { members[key] = .string("\(value)") }
        for (key, value) in metadataProvider?.get() ?? [:] { members[key] = .string("\(value)") }
        for (key, value) in event.metadata ?? [:] { members[key] = .string("\(value)") }
        members["label"] = .string(label)
        members["level"] = .string(event.level.rawValue)
        members["message"] = .string(event.message.description)
        members["time"] = .string(World.system.now().text)
        FileHandle.standardError.write(Data(JSONValue.object(members).canonicalBytes() + [0x0A]))
    }
}
