import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation
import GRPCCore
import HTTPTypes
import SwiftProtobuf
import Testing

@testable import API

@Suite struct ProblemStatusTests {
    @Test func `a problem is a status with its code, its words and the call's id`() {
        let status = Problem(.tooManyRequests, "Later.", retryAfterSeconds: 10).status(requestID: "call-1")
        #expect(status.code == .resourceExhausted && status.message == "Later.")
        #expect(Array(status.metadata[stringValues: "problem"]) == ["too-many-requests"])
        #expect(Array(status.metadata[stringValues: "request-id"]) == ["call-1"])
        #expect(Array(status.metadata[stringValues: "retry-after"]) == ["10"])
    }

    @Test func `the page of problems has the table's codes`() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "docs/problems.md"), encoding: .utf8)
        for code in Problem.Code.allCases {
            let name = Self.names[code.row.grpc] ?? "?"
            #expect(page.contains("| `\(code.rawValue)` | \(code.row.status.code) | \(name) |"), "\(code.rawValue)")
        }
    }

    private static let names: [RPCError.Code: String] = [
        .invalidArgument: "INVALID_ARGUMENT", .unauthenticated: "UNAUTHENTICATED",
        .permissionDenied: "PERMISSION_DENIED", .notFound: "NOT_FOUND", .unimplemented: "UNIMPLEMENTED",
        .deadlineExceeded: "DEADLINE_EXCEEDED", .aborted: "ABORTED", .alreadyExists: "ALREADY_EXISTS",
        .failedPrecondition: "FAILED_PRECONDITION", .resourceExhausted: "RESOURCE_EXHAUSTED",
        .unavailable: "UNAVAILABLE", .internalError: "INTERNAL",
    ]

    @Test func `errors of evaluation have the codes by which flagd's clients know them`() {
        let codes = Resolution.ErrorCode.allCases.map { ($0, $0.grpc) }
        for (error, code) in codes {
            switch error {
            case .flagNotFound: #expect(code == .notFound)
            case .typeMismatch: #expect(code == .invalidArgument)
            case .parseError: #expect(code == .dataLoss)
            case .targetingKeyMissing, .invalidContext, .general: #expect(code == .internalError)
            }
        }
        let status = Resolution.ErrorCode.parseError.status("No.")
        #expect(Array(status.metadata[stringValues: "error-code"]) == ["PARSE_ERROR"])
    }

    @Test func `a Struct is an object and back`() throws {
        let object: JSONObject = [
            "bool": true, "text": "x", "whole": 3, "part": 0.25, "none": .null, "list": [1, "a", [.null]],
            "object": ["a": ["b": false]],
        ]
        let fields = Google_Protobuf_Struct(object)
        #expect(try FlagContext(fields).attributes.json == FlagObject(object).json)
        #expect(fields.fields["object"]?.structValue.fields["a"]?.structValue.fields["b"] == false)
        #expect(fields.fields["none"] == nil as Google_Protobuf_Value)
    }

    @Test func `numbers that JSON does not have are null, and whole ones are integers`() throws {
        var fields = Google_Protobuf_Struct()
        fields.fields["nan"] = Google_Protobuf_Value(numberValue: .nan)
        fields.fields["infinite"] = Google_Protobuf_Value(numberValue: -.infinity)
        fields.fields["unset"] = Google_Protobuf_Value()
        fields.fields["whole"] = 1_000_000
        fields.fields["negative"] = Google_Protobuf_Value(numberValue: -0.0)
        let context = try FlagContext(fields)
        for name in ["nan", "infinite", "unset"] {
            guard case .null? = context[name] else { return #expect(Bool(false), "\(name)") }
        }
        guard case .integer(1_000_000)? = context["whole"] else { return #expect(Bool(false), "whole") }
    }
}
