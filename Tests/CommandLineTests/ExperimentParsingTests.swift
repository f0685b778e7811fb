import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Testing

@testable import cfg

@Suite struct ExperimentParsingTests {
    @Test func `a split and its experiment are put together from options`() throws {
        let command = try parsed(
            FlagRuleCommand.self,
            "flag rule button -p shop -e live --split red=30 --split a=b=70 --by account --experiment colour --log-percent 12.5 "
                + "--log country --log plan")
        let rule: JSONValue = [
            "serve": [
                "split": [["variant": "red", "weight": 30], ["variant": "a=b", "weight": 70]], "by": "account",
            ],
            "experiment": ["key": "colour", "logPercent": 12.5, "attributes": ["country", "plan"]],
        ]
        #expect(try command.split.rule() == rule)
        let plain = try parsed(FlagRuleCommand.self, "flag rule button --split on=1 --split off=1")
        #expect(try plain.split.rule()?["experiment"] == nil)
        #expect(try parsed(FlagRuleCommand.self, "flag rule button --enable").split.rule() == nil)
        let conditional: JSONValue = ["when": [["segment": "beta"]], "serve": "on"]
        #expect(SplitOptions.replacing(nil, with: rule) == [rule])
        #expect(SplitOptions.replacing([conditional], with: rule) == [conditional, rule])
        #expect(SplitOptions.replacing([conditional, ["serve": "off"]], with: rule) == [conditional, rule])
    }

    @Test func `what is no split is refused before anything is sent`() throws {
        #expect(isRefused("flag rule f --experiment e", "--split"))
        #expect(isRefused("flag rule f --split on=1 --log country", "--experiment"))
        #expect(isRefused("flag rule f", "--split"))
        for share in ["on", "=1", "on=", "on=half"] {
            #expect(throws: ValidationError.self) {
                try parsed(FlagRuleCommand.self, "flag rule f --split \(share)").split.rule()
            }
        }
        #expect(throws: ValidationError.self) {
            try parsed(FlagRuleCommand.self, "flag rule f --split a=1 --experiment e --log-percent half").split.rule()
        }
    }

    @Test func `an experiment is shown where nothing else is said`() throws {
        let show = try parsed(ExperimentShowCommand.self, "flag experiment button -p shop -e live --experiment colour")
        #expect(show.options.key == "button" && show.options.experiment == "colour")
        let export = try parsed(ExperimentExportCommand.self, "flag experiment export button --format csv --file x.csv")
        #expect(export.format == .csv && export.file == "x.csv" && export.options.key == "button")
    }

    private static func shown(_ json: JSONValue) throws -> String {
        ExperimentText(style: .plain, width: nil, now: nil).whole(try ExperimentView(WireReader(json)))
    }

    @Test func `an experiment reads as a table with a verdict under it`() throws {
        let variant: (String, Int, Double) -> JSONValue = { name, units, share in
            [
                "variant": .string(name), "weight": 1, "units": .int(units), "exposures": .int(units * 2),
                "expected": 500, "share": .number(JSONNumber(share)!),
            ]
        }
        var json: JSONObject = [
            "experiment": "colour", "version": "0123456789abcdef", "by": "targetingKey", "logPercent": 12.5,
            "units": 1_000, "exposures": 2_000, "unitsOfSeveralVariants": 0, "isFull": false, "otherVersions": [],
            "variants": [variant("red", 507, 0.507), variant("blue", 493, 0.493)], "verdict": "asExpected",
            "chiSquare": ["degreesOfFreedom": 1, "statistic": 0.196, "pValue": 0.65797, "threshold": 0.001],
        ]
        #expect(
            try Self.shown(.object(json)) == """
                colour by targetingKey, 12.5 % of the units written down
                VARIANT  ASKED  UNITS   SHARE  EXPOSURES
                red       50 %    507  50.7 %       1014
                blue      50 %    493  49.3 %        986
                as expected (χ² = 0.196, 1 degree of freedom, p = 0.658)

                """)
        json["verdict"] = "mismatch"
        json["chiSquare"] = ["degreesOfFreedom": 1, "pValue": 0, "threshold": 0.001]
        json["unitsOfSeveralVariants"] = 3
        json["isFull"] = true
        let text = try Self.shown(.object(json))
        #expect(text.contains("mismatch: not what the split asks for (p = less than 0.0001)"))
        #expect(text.contains("3 units got more than one variant.") && text.contains("No more units are kept"))
        json["verdict"] = "tooFew"
        #expect(try Self.shown(.object(json)).contains("too few units to judge (1000)"))
    }
}
