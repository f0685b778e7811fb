import ConfigPlatformFlags
import ConfigPlatformModel
import Synchronization

/// Which units experiments gave which variants in this program, as far as the platform has not been told.
final class FlagAssignments: Sendable {
    private let table = Mutex(AssignmentTable())
    private let client: String
    /// Units that wait to be told; exposures of others are not noted meanwhile.
    private static let unitsMax = 20_000
    private static let unitsPerRequest = 2_000

    init(client: String) { self.client = client }

    /// Notes an evaluation, if a split of an experiment decided it.
    func note(
        _ flag: Flag, _ resolution: Resolution, _ context: ConfigPlatformFlags.FlagContext, at seconds: Int64
    ) {
        guard let assignment = flag.assignment(resolution, context, at: seconds, client: client) else { return }
        add([assignment])
    }

    private func add(_ assignments: some Sequence<Assignment>) {
        table.withLock { table in
            for assignment in assignments { _ = table.add(assignment, mayGrow: table.count < Self.unitsMax) }
        }
    }

    /// Sends what has come together, some at a time. What cannot be sent is kept; it is lost with the program. Where a connection breaks while it
    /// is sent, it may arrive twice.
    ///
    /// - Parameter refused: is told why some was refused, and would be again.
    func tell(
        _ place: FollowedPlace, over transport: Transport, refused: (ConfigPlatformError) -> Void
    ) async {
        var left = table.withLock { $0.take() }[...]
        while !left.isEmpty {
            let part = left.prefix(Self.unitsPerRequest)
            do {
                _ = try await transport.send(request(part, place))
            } catch let error as ConfigPlatformError where !error.isTransient {
                refused(error)
            } catch {
                return add(left)
            }
            left = left.dropFirst(part.count)
        }
    }

    private func request(_ assignments: some Sequence<Assignment>, _ place: FollowedPlace) -> ServerRequest {
        func time(_ seconds: Int64) -> JSONValue { .string(Timestamp(microseconds: seconds * 1_000_000).text) }
        let told = assignments.map { assignment -> JSONValue in
            var members: JSONObject = [
                "experiment": .string(assignment.key.experiment), "exposures": .int(assignment.exposures),
                "firstAt": time(assignment.firstAt), "flag": .string(assignment.key.flag.text),
                "lastAt": time(assignment.lastAt), "unit": .string(assignment.key.unit.text),
                "variant": .string(assignment.key.variant.text), "version": .string(assignment.key.version),
            ]
            if !assignment.attributes.isEmpty { members["attributes"] = .object(assignment.attributes) }
            return .object(members)
        }
        var request = ServerRequest(
            .post, in: place.project, "environments", place.environment.rawValue, "flag-assignments")
        request.send(["assignments": .array(told), "client": .string(client)])
        return request
    }
}
