import ConfigFormats
import Testing

@Suite struct ConfigFormatTests {
    @Test(arguments: [
        ("app.json", ConfigFormat.json), ("a/b/application.yml", .yaml), ("x.YAML", .yaml), ("Cargo.toml", .toml),
        (".env", .dotenv),
        ("demo.env", .dotenv), (".env.production", .dotenv), ("dotenv", .dotenv), ("config/.env.local", .dotenv),
        ("messages.properties", .properties),
    ])
    func `a file's name announces its format`(name: String, format: ConfigFormat) {
        #expect(ConfigFormat(fileName: name) == format)
    }

    @Test(arguments: ["", "/", "app", "app.txt", "json", "env", "yaml.bak", "app.json/"])
    func `another name announces none`(name: String) {
        #expect(ConfigFormat(fileName: name) == nil)
    }

    @Test func `every media type names one format, whatever its case and parameters`() {
        for format in ConfigFormat.allCases {
            for type in format.mediaTypes {
                #expect(ConfigFormat(mediaType: type) == format)
                #expect(ConfigFormat(mediaType: type.uppercased() + " ; charset=utf-8") == format)
            }
        }
        #expect(ConfigFormat(mediaType: "text/plain") == nil)
        #expect(ConfigFormat(mediaType: "") == nil)
        #expect(
            Set(ConfigFormat.allCases.flatMap(\.mediaTypes)).count == ConfigFormat.allCases.flatMap(\.mediaTypes).count)
    }
}
