import ConfigPlatformFlags
import ConfigPlatformModel
import TestSupport
import Testing

@testable import ControlPlane

@Suite struct GuardrailQuestionTests {
    private func reply(_ text: String, status: Int = 200) -> WebhookReply {
        WebhookReply(status: status, body: Array(text.utf8))
    }

    private func isNone(_ answer: GuardrailAnswer, _ reason: String) -> Bool {
        guard case .none(let text) = answer else { return false }
        return text.contains(reason)
    }

    @Test func `one sample of a vector and a scalar are values, everything else is no answer`() {
        func sample(_ data: String, status: Int = 200) -> GuardrailAnswer {
            GuardrailQuestion.sample(reply(#"{"status":"success","data":\#(data)}"#, status: status))
        }
        let vector = #"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1435781451.781,"0.25"]}]}"#
        #expect(sample(vector) == .value(0.25))
        #expect(sample(#"{"resultType":"scalar","result":[1435781451.781,"1e3"]}"#) == .value(1_000))
        #expect(sample(#"{"resultType":"scalar","result":[1,"+Inf"]}"#) == .value(.infinity))
        #expect(isNone(sample(#"{"resultType":"scalar","result":[1,"NaN"]}"#), "not a number"))
        #expect(isNone(sample(#"{"resultType":"vector","result":[]}"#), "no sample"))
        let two = #"{"resultType":"vector","result":[{"value":[1,"1"]},{"value":[1,"2"]}]}"#
        #expect(isNone(sample(two), "2 samples"))
        #expect(isNone(sample(#"{"resultType":"matrix","result":[]}"#), "neither"))
        #expect(isNone(sample(vector, status: 503), "status 503"))
        let error = #"{"status":"error","errorType":"bad_data","error":"parse error"}"#
        #expect(isNone(GuardrailQuestion.sample(reply(error, status: 400)), "400: parse error"))
        #expect(isNone(GuardrailQuestion.sample(reply("<html>")), "no JSON"))
    }

    @Test func `a webhook answers a number`() {
        #expect(GuardrailQuestion.value(reply(#"{"value": 0.5}"#)) == .value(0.5))
        #expect(isNone(GuardrailQuestion.value(reply(#"{"value": "0.5"}"#)), "NUMBER"))
        #expect(isNone(GuardrailQuestion.value(reply(#"{"value": 1e999}"#)), "NUMBER"))
        #expect(isNone(GuardrailQuestion.value(reply(#"{"value": 1}"#, status: 201)), "201"))
    }

    @Test(arguments: [
        "http://127.0.0.1:9090", "https://127.0.0.1", "https://[::1]/x", "https://10.1.2.3",
        "https://169.254.169.254/latest",
        "https://[fd00::1]", "https://[::ffff:10.0.0.1]", "https://192.168.0.1", "https://0x7f.1", "https://2130706433",
        "https://localhost", "http://93.184.216.34", "https://100.64.0.1", "https://0.0.0.0", "https://[2002:a00:1::1]",
        "https://user@93.184.216.34", "https://93.184.216.34#x", "ftp://93.184.216.34", "https://", "https://a b",
        "https://[64:ff9b::a00:1]",
    ])
    func `what is not public is not asked, and nothing in the clear`(_ url: String) async throws {
        let networks = try OutboundNetworks()
        do {
            let target = try await networks.target(of: url)
            Issue.record("\(url) may be asked, at \(target.address)")
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `public addresses are asked over HTTPS, and admitted networks over either`() async throws {
        let networks = try OutboundNetworks(admitting: ["10.0.0.0/9", "127.0.0.1", "fd00::/8"])
        func address(_ url: String) async -> String? { try? await networks.target(of: url).address }
        #expect(await address("https://93.184.216.34/x") == "93.184.216.34")
        #expect(await address("https://[2606:4700::1]/") == "2606:4700::1")
        #expect(await address("http://10.127.255.255:9090") == "10.127.255.255")
        #expect(await address("http://10.128.0.0:9090") == nil)
        #expect(await address("HTTP://LOCALHOST:9090/x?y=1") == "127.0.0.1")
        #expect(await address("http://127.0.0.2") == nil)
        #expect(await address("http://[fd12::5]:1") == "fd12::5")
        #expect(try await networks.target(of: "HTTP://LocalHost:9090/X?y=1").url == "http://localhost:9090/X?y=1")
        for wrong in ["", "10.0.0.0/33", "x/8", "10.0.0.0/-1", "fd00::/129"] {
            #expect(throws: InvalidOutboundNetwork.self) { try OutboundNetworks(admitting: [wrong]) }
        }
    }
}
