import ConfigPlatformModel
import Foundation

/// What a program last knew to be the platform's, as kept in a file: a line with the file's kind, version and checksum, a
/// line of JSON that says whose it is, and the document.
///
/// ```
/// configplatform-last-known-good 1 <SHA-256 of all that follows, in hexadecimal>
/// {"confirmedAt":"…","entityTag":"…","environment":"…","project":"…","server":"…","token":"…"}
/// {"checkout":{"timeout":2500}}
/// ```
struct LastKnownGood<Content: FollowedContent>: Sendable {
    let place: FollowedPlace
    let token: RevisionToken
    let entityTag: String
    /// When the platform last said that it was its own.
    let confirmedAt: Timestamp
    let content: Content

    static var bytesMax: Int { 1 << 30 }

    func encoded() -> [UInt8] {
        let header: JSONValue = [
            "confirmedAt": .string(confirmedAt.text), "entityTag": .string(entityTag),
            "environment": .string(place.environment.rawValue), "project": .string(place.project.rawValue),
            "server": .string(place.server.text), "token": .string(token.text),
        ]
        var content = header.canonicalBytes()
        content.append(0x0A)
        content.append(contentsOf: self.content.bytes)
        content.append(0x0A)
        return Array("\(Content.fileTitle) 1 \(Digest.of(content).hexadecimal)\n".utf8) + content
    }

    /// Reads a file back.
    ///
    /// - Parameter place: whose content is wanted.
    init(_ bytes: [UInt8], for place: FollowedPlace) throws(RefusedFile) {
        guard let firstEnd = bytes.firstIndex(of: 0x0A) else { throw RefusedFile(description: "it is cut short") }
        let words = String(decoding: bytes[..<firstEnd], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[0] == Content.fileTitle else {
            throw RefusedFile(description: "it holds no \(Content.noun) of a ConfigPlatform client")
        }
        guard words[1] == "1" else {
            throw RefusedFile(description: "it was written by another version of the client (form \(words[1]))")
        }
        let content = bytes[(firstEnd + 1)...]
        guard Digest(hexadecimal: words[2]) == Digest.of(Array(content)) else {
            throw RefusedFile(description: "its checksum does not fit its content: it is damaged")
        }
        guard let headerEnd = content.firstIndex(of: 0x0A),
            let header = try? JSONValue(parsing: content[..<headerEnd]),
            let json = try? JSONValue(parsing: content[(headerEnd + 1)...], limits: ServerResponse.jsonLimits),
            let document = Content.read(json, after: .empty),
            let token = header["token"]?.stringValue.flatMap({ try? RevisionToken(parsing: $0) }),
            let entityTag = header["entityTag"]?.stringValue,
            let confirmedAt = header["confirmedAt"]?.stringValue.flatMap({ try? Timestamp(parsing: $0) })
        else { throw RefusedFile(description: "it does not have the form its first line announces") }
        let owner = [header["server"], header["project"], header["environment"]].map { $0?.stringValue ?? "" }
        guard owner == [place.server.text, place.project.rawValue, place.environment.rawValue] else {
            throw RefusedFile(
                description: "it holds \(Content.noun) of \(owner[1])/\(owner[2]) at \(owner[0]), and not of "
                    + "\(place.project.rawValue)/\(place.environment.rawValue) at \(place.server)")
        }
        self.init(place: place, token: token, entityTag: entityTag, confirmedAt: confirmedAt, content: document)
    }

    init(
        place: FollowedPlace, token: RevisionToken, entityTag: String, confirmedAt: Timestamp, content: Content
    ) {
        self.place = place
        self.token = token
        self.entityTag = entityTag
        self.confirmedAt = confirmedAt
        self.content = content
    }
}

/// Why a file cannot serve.
struct RefusedFile: Error, CustomStringConvertible {
    let description: String
}

extension LastKnownGood: Equatable where Content: Equatable {}

extension Timestamp {
    init(_ date: Date) {
        self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }

    var date: Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}
