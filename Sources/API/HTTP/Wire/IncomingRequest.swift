import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// A request as handlers read it: matched, its query checked, its body whole.
struct IncomingRequest: Sendable {
    let method: HTTPRequest.Method
    /// As it was sent, without the query.
    let path: Substring
    /// As it was sent, without the `?`.
    let rawQuery: Substring
    let query: Query
    let fields: HTTPFields
    let id: String
    /// Address of the client, without port.
    let sourceAddress: String?
    /// Values of the pattern's `{names}`, decoded.
    let parameters: [(name: String, value: String)]
    var body: [UInt8]

    func parameter(_ name: String) throws(Problem) -> String {
        guard let value = parameters.first(where: { $0.name == name })?.value else {
            throw Problem(.fault, "The route has no parameter '\(name)'.")
        }
        return value
    }

    func project() throws(Problem) -> ProjectName {
        let text = try parameter("project")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ProjectName(parsing: text) }
    }

    /// The project of the path; the platform itself where there is none.
    func scope() throws(Problem) -> ProjectName {
        parameters.contains { $0.name == "project" } ? try project() : .platform
    }

    func environment() throws(Problem) -> EnvironmentName {
        let text = try parameter("environment")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try EnvironmentName(parsing: text) }
    }

    func key() throws(Problem) -> ConfigKey {
        let text = try parameter("key")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ConfigKey(parsing: text) }
    }

    func revision() throws(Problem) -> Revision {
        let text = try parameter("revision")
        do throws(InvalidIdentifier) {
            return try Revision(parsing: text)
        } catch {
            throw Problem(.invalidRequest, error.message)
        }
    }

    func queriedEnvironment(_ name: String = "environment") throws(Problem) -> EnvironmentName? {
        try query.parsed(name) { text throws(InvalidIdentifier) in try EnvironmentName(parsing: text) }
    }

    /// The write of one item that has an address of its own, under the preconditions of the request's headers.
    ///
    /// - Parameter missing: what to say where the item must stand and does not.
    func write(
        _ operation: ConfigPlatformModel.Operation, in project: ProjectName, _ caller: Caller, saying what: String,
        orElse missing: Problem? = nil
    ) throws(Problem) -> PlannedWrite {
        let precondition = try Precondition(fields)
        let address = operation.address(in: project)
        let proposal = Proposal(
            project: project, by: caller.author, about: address, message: try message() ?? what
        ) { state throws(Problem) in
            let found = project == .platform ? state.projects[project] : try state.project(project)
            let standing = found?.item(at: operation.target)
            if let missing, standing == nil { throw missing }
            try precondition.check(standing?.revision, address)
            return [operation]
        }
        return PlannedWrite(proposal: proposal)
    }

    /// What the change is said to be for: the query's `message`, or the header `X-Message`.
    func message() throws(Problem) -> String? { query["message"] ?? fields[.message] }
}

extension RevisionToken {
    /// What a header carries. Throws `invalid-request`, which names the header.
    init(_ text: String, of header: HTTPField.Name) throws(Problem) {
        do throws(InvalidIdentifier) {
            try self.init(parsing: text)
        } catch {
            let name = header.rawName
            throw Problem(
                .invalidRequest, "\(name): \(error.message)", violations: [Violation(error.message, keyword: name)])
        }
    }
}
