import ArgumentParser
import ConfigFormats
import ConfigPlatformModel
import Foundation
import JSONSchema

/// Schemas and what they refer to, as files.
enum SchemaFiles {
    /// The schema in a file, JSON or YAML as its name tells; `-` is JSON on standard input.
    static func document(_ path: String) throws -> JSONValue {
        let bytes = try InputFile.bytes(of: path)
        if path != "-", ConfigFormat(fileName: path) == .yaml {
            return try ValidatedFile(reading: bytes, as: .yaml).documents.first?.value ?? .object([:])
        }
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Problem(.unreadableFile, "\(path): \(error)")
        }
    }

    static func compile(_ path: String, _ registry: SchemaRegistry, _ options: SchemaOptions) throws -> Schema {
        do {
            return try Schema(compiling: try document(path), registry: registry, options: options)
        } catch let error as SchemaError {
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
                    registry.register(try JSONValue(parsing: try InputFile.bytes(of: file)), at: prefix + path)
                } catch let error as JSONParseError {
                    throw Problem(.unreadableFile, "\(file): \(error)")
                }
            }
        }
        return registry
    }
}
