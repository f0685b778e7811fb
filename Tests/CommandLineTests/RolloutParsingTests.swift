import ArgumentParser
import ConfigPlatformModel
import Testing

@testable import cfg

@Suite struct RolloutParsingTests {
    @Test func `a plan is put together from options`() throws {
        let command = try parsed(
            RolloutSetCommand.self,
            "flag rollout set new-checkout -p shop -e production --variant on --percent 1 --percent 12.5 --every 1h --by user.id "
                + "--prometheus https://p.example --query up --above 0.5 --bake 30m --interval 10s --failures 2")
        #expect(command.rollout.flag == "new-checkout")
        #expect(
            try command.plan() == [
                "variant": "on", "by": "user.id",
                "steps": [["percent": 1], ["percent": 12.5, "afterSeconds": 3600]],
                "guard": [
                    "prometheus": ["url": "https://p.example", "query": "up"], "above": 0.5, "bakeSeconds": 1800,
                    "intervalSeconds": 10, "failures": 2,
                ],
            ])
        let plain = try parsed(RolloutSetCommand.self, "flag rollout set f --variant on --percent 10 --percent 100")
        #expect(try plain.plan() == ["variant": "on", "steps": [["percent": 10], ["percent": 100]]])
        let asked = try parsed(
            RolloutSetCommand.self, "flag rollout set f --variant on --percent 5 --webhook https://w.example --below -1"
        )
        #expect(try asked.plan()["guard"] == ["webhook": ["url": "https://w.example"], "below": -1])
    }

    @Test func `what is no plan is refused before anything is sent`() throws {
        #expect(isRefused("flag rollout set f", "--variant"))
        #expect(isRefused("flag rollout set f --file p.json --variant on", "not both"))
        let step = "flag rollout set f --variant on --percent 1"
        #expect(isRefused("\(step) --above 1", "--prometheus URL --query QUERY, or --webhook URL"))
        #expect(isRefused("\(step) --prometheus https://p --above 1", "--query"))
        #expect(isRefused("\(step) --prometheus https://p --query up", "--above NUMBER or --below NUMBER"))
        #expect(isRefused("\(step) --webhook https://w --above 1 --below 2", "--above NUMBER or --below NUMBER"))
        #expect(isRefused("\(step) --every soon", "30d"))
        #expect(throws: ValidationError.self) {
            try parsed(RolloutSetCommand.self, "flag rollout set f --variant on --percent half").plan()
        }
    }

    @Test func `orders say why, and can be tried`() throws {
        let command = try parsed(RolloutRevertCommand.self, "flag rollout revert f -e live -m broken --dry-run")
        #expect(command.write.message == "broken" && command.write.dryRun)
        #expect(command.rollout.flag == "f" && RolloutRevertCommand.order == "revert")
    }
}
