import ArgumentParser
import ConfigFormats
import ConfigPlatformModel
import Foundation
import JSONSchema

/// Schemas and what they refer to, as files.
enum SchemaFiles {
    static func bytes(of path: String) throws(Problem) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(.notFound, "The file '\(path)' cannot be read. Is it there, and yours to read?")
        }
        return Array(data)
    }

    static func compile(_ path: String, _ registry: SchemaRegistry, _ options: SchemaOptions) throws -> Schema {
        let bytes = try bytes(of: path)
        let document: JSONValue
        if ConfigFormat(fileName: path) == .yaml {
            document = try ValidatedFile(reading: bytes, as: .yaml).documents.first?.value ?? .object([:])
        } else {
            do {
                document = try JSONValue(parsing: bytes)
            } catch {
                throw Problem(.unreadableFile, "\(path): \(error)")
            }
        }
        do {
            return try Schema(compiling: document, registry: registry, options: options)
        } catch {
            throw Problem(.unreadableFile, "\(path) is no schema that can be used: \(error)")
        }
    }

    /// The `.json` files in these folders, each at its prefix and its path below the folder.
    static func registry(_ remotes: [(prefix: String, folder: String)]) throws -> SchemaRegistry {
        var registry = SchemaRegistry()
        for (prefix, folder) in remotes {
            guard let paths = FileManager.default.enumerator(atPath: folder) else {
                throw Problem(.notFound, "The folder '\(folder)' of --remotes cannot be read.")
            }
            for case let path as String in paths where path.hasSuffix(".json") {
                let file = folder + "/" + path
                do {
                    registry.register(try JSONValue(parsing: try bytes(of: file)), at: prefix + path)
                } catch let error as JSONParseError {
                    throw Problem(.unreadableFile, "\(file): \(error)")
                }
            }
        }
        return registry
    }
}
