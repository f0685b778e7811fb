import ConfigPlatformModel
import HTTPTypes

/// Finds the route of a path. Built once of the table; a look-up walks the path's segments.
struct Router: Sendable {
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        /// The child for any one segment.
        var parameter: Int?
        /// Of the routes that end here.
        var routes: [(method: HTTPRequest.Method, index: Int)] = []
    }

    struct Match {
        let route: Route
        let index: Int
        let parameters: [(name: String, value: String)]
    }

    let routes: [Route]
    private var nodes = [Node()]
    /// For each route the names of its parameters, in order.
    private var names: [[String]] = []

    /// Two routes of one method and pattern stop the program.
    init(_ routes: [Route]) {
        self.routes = routes
        for (index, route) in routes.enumerated() { insert(route, index) }
    }

    private mutating func insert(_ route: Route, _ index: Int) {
        var node = 0
        var parameters: [String] = []
        for segment in route.pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let next: Int?
            if segment.first == "{" {
                parameters.append(String(segment.dropFirst().dropLast()))
                next = nodes[node].parameter
                if next == nil { nodes[node].parameter = nodes.count }
            } else {
                next = nodes[node].literals[String(segment)]
                if next == nil { nodes[node].literals[String(segment)] = nodes.count }
            }
            if next == nil { nodes.append(Node()) }
            node = next ?? nodes.count - 1
        }
        precondition(
            !nodes[node].routes.contains { $0.method == route.method },
            "\(route.method) \(route.pattern) is there twice")
        nodes[node].routes.append((route.method, index))
        names.append(parameters)
    }

    /// The route of a method and a path that is still percent-encoded. HEAD finds the route of GET.
    ///
    /// Throws `not-found` and `method-not-allowed`; the methods there are go to `allowed`.
    func match(
        _ method: HTTPRequest.Method, _ path: Substring, allowed: inout [HTTPRequest.Method]
    ) throws(Problem) -> Match {
        var node = 0
        var values: [Substring] = []
        guard path.first == "/" else { throw Self.noSuchAddress(path) }
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if let next = nodes[node].literals[String(segment)] {
                node = next
            } else if let next = nodes[node].parameter, !segment.isEmpty {
                values.append(segment)
                node = next
            } else {
                throw Self.noSuchAddress(path)
            }
        }
        guard !nodes[node].routes.isEmpty else { throw Self.noSuchAddress(path) }
        let wanted = method == .head ? .get : method
        guard let index = nodes[node].routes.first(where: { $0.method == wanted })?.index else {
            allowed = nodes[node].routes.map(\.method)
            if allowed.contains(.get) { allowed.append(.head) }
            throw Problem(
                .methodNotAllowed,
                "\(InvalidIdentifier.shown(method.rawValue)) is not a method of this address; there are: "
                    + "\(allowed.map(\.rawValue).joined(separator: ", ")).")
        }
        var parameters: [(name: String, value: String)] = []
        for (name, value) in zip(names[index], values) {
            parameters.append((name, try PercentEncoding.decode(value, of: "The \(name) in the path")))
        }
        return Match(route: routes[index], index: index, parameters: parameters)
    }

    private static func noSuchAddress(_ path: Substring) -> Problem {
        let remedy =
            path.hasSuffix("/") && path.count > 1
            ? "Leave out the '/' at the end."
            : path.contains("//") ? "A part of the path is empty." : "The API begins at \(RouteTable.base)."
        return Problem(.notFound, "There is nothing at \(InvalidIdentifier.shown(path)). \(remedy)")
    }
}
