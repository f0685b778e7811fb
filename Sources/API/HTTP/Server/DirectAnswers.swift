import ConfigPlatformModel
import ControlPlane
import NIOCore
import Synchronization

/// For how long an answer may be given again.
enum AnswerValidity: Sendable {
    /// While programs of the environment read this same document.
    case environment(ResolvedEnvironment, of: ProjectName)
    /// While nothing in the project changes.
    case project(ProjectState, EnvironmentName)

    var place: (project: ProjectName, environment: EnvironmentName) {
        switch self {
        case .environment(let environment, let project): (project, environment.name)
        case .project(let project, let environment): (project.name, environment)
        }
    }

    /// Whether the answer's entity tag changes with it. That of a single setting is its revision, by which it is
    /// written; what the setting refers to can change without it.
    var isToldByEntityTag: Bool {
        switch self {
        case .environment: true
        case .project: false
        }
    }

    func holds(for reading: EnvironmentReading) -> Bool {
        guard reading.isWhole else { return false }
        return switch self {
        case .environment(let environment, _): reading.environment === environment
        case .project(let project, _): reading.project === project
        }
    }
}

/// The answer to a GET, laid out for HTTP/1.1: what is the same each time it is given.
final class DirectAnswer: Sendable {
    let validity: AnswerValidity
    let routeIndex: Int
    /// Nil where it cannot tell whether a client has this answer already.
    let entityTag: String?
    /// The first line and the headers that do not change, each ended.
    let head: ByteBuffer
    /// The same for 304.
    let notModifiedHead: ByteBuffer
    let body: ByteBuffer

    init(
        _ validity: AnswerValidity, routeIndex: Int, fields: [(name: String, value: String)], body: ByteBuffer,
        entityTag: String?
    ) {
        self.validity = validity
        self.routeIndex = routeIndex
        self.entityTag = entityTag
        self.body = body
        var lines = ByteBuffer()
        for (name, value) in fields { lines.writeHeader(name, value) }
        var head = ByteBuffer(string: "HTTP/1.1 200 OK\r\n")
        head.writeImmutableBuffer(lines)
        head.writeHeader("Content-Length", String(body.readableBytes))
        self.head = head
        var notModifiedHead = ByteBuffer(string: "HTTP/1.1 304 Not Modified\r\n")
        notModifiedHead.writeImmutableBuffer(lines)
        self.notModifiedHead = notModifiedHead
    }

    var sizeBytes: Int { head.readableBytes + notModifiedHead.readableBytes + body.readableBytes + 512 }
}

extension ByteBuffer {
    /// A header as it travels in HTTP/1.1, with the end of its line.
    mutating func writeHeader(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}

/// The answers that were given of late, by the path that was asked for. Bounded in bytes: half of them are young, and
/// when the young fill their half the old are forgotten.
final class DirectAnswers: Sendable {
    private struct Generations {
        var young: [String: DirectAnswer] = [:]
        var old: [String: DirectAnswer] = [:]
        var youngBytes = 0
    }

    private let generations = Mutex(Generations())
    /// Larger ones are written piece by piece, as the client takes them.
    static let bodyBytesMax = 256 << 10
    private let generationBytesMax: Int

    init(bytesMax: Int = 128 << 20) {
        generationBytesMax = bytesMax / 2
    }

    func answer(to path: String) -> DirectAnswer? {
        generations.withLock { generations in
            if let answer = generations.young[path] { return answer }
            guard let answer = generations.old[path] else { return nil }
            keep(answer, for: path, in: &generations)
            return answer
        }
    }

    func keep(_ answer: DirectAnswer, for path: String) {
        guard answer.body.readableBytes <= Self.bodyBytesMax else { return }
        generations.withLock { keep(answer, for: path, in: &$0) }
    }

    private func keep(_ answer: DirectAnswer, for path: String, in generations: inout Generations) {
        if let replaced = generations.young[path] { generations.youngBytes -= replaced.sizeBytes }
        if generations.youngBytes + answer.sizeBytes > generationBytesMax {
            generations.old = generations.young
            generations.young = [:]
            generations.youngBytes = 0
        }
        generations.young[path] = answer
        generations.old[path] = nil
        generations.youngBytes += answer.sizeBytes
    }
}
