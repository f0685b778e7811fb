package import ConfigFormats
package import ConfigPlatformModel

extension Platform {
    /// The resolved document of an environment in a file format.
    package func export(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, as format: ConfigFormat,
        at moment: Moment
    ) async throws(Problem) -> (bytes: [UInt8], reading: EnvironmentReading) {
        let reading = try await read(caller, environment, of: project, at: moment)
        let contents = reading.environment.contents
        let values = contents.settings.map { setting in
            (key: setting.key, value: (try? JSONValue(parsing: contents.value(of: setting))) ?? .null)
        }
        return (try format.write(values), reading)
    }
}
