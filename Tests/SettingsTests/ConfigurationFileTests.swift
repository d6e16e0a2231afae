import Foundation
import Settings
import Testing

@Suite("Configuration files")
struct ConfigurationFileTests {
    private func load(
        _ directory: ScratchDirectory, configPath: String? = nil, _ environment: [String: String] = [:]
    ) throws -> ResolvedSettings {
        try SettingsLoader.load(
            configPath: configPath, environment: environment, flags: [], workingDirectory: directory.path, userID: 0)
    }

    @Test("the first file that exists is read, the one asked for before the usual places")
    func order() throws {
        let directory = try ScratchDirectory()
        let home = ["HOME": directory.path]
        #expect(try load(directory, home).files == [])
        let inHome = try directory.write("workers: {count: 1}", to: ".config/acode/config.yaml")
        #expect(try load(directory, home).files == [inHome])
        let inXDG = try directory.write("workers: {count: 2}", to: "xdg/acode/config.yaml")
        let xdg = home.merging(["XDG_CONFIG_HOME": directory.path + "/xdg"]) { first, _ in first }
        #expect(try load(directory, xdg).files == [inXDG])
        try directory.write("workers: {count: 3}", to: "acode.yaml")
        #expect(try load(directory, xdg).files == ["acode.yaml"])
        try directory.write("workers: {count: 4}", to: "other.yaml")
        let named = xdg.merging(["ACODE_CONFIG": "other.yaml"]) { first, _ in first }
        #expect(try load(directory, named).settings.workers.count == 4)
        #expect(try load(directory, configPath: "./acode.yaml", named).files == ["./acode.yaml"])
    }

    @Test("a file that was asked for has to be there")
    func missing() throws {
        let directory = try ScratchDirectory()
        func message(_ configPath: String?, _ environment: [String: String]) throws -> String? {
            #expect(throws: ConfigurationError.self) { try load(directory, configPath: configPath, environment) }?
                .description
        }
        #expect(try message("no.yaml", [:]) == "no.yaml: can't be read: No such file or directory (--config names it)")
        #expect(
            try message(nil, ["ACODE_CONFIG": "/no/where"])
                == "/no/where: can't be read: No such file or directory (ACODE_CONFIG names it)")
        #expect(try message(".", [:]) == ".: can't be read: Is a directory (--config names it)")
    }

    @Test("an overlay that was asked for has to be there, and may be JSON beside JSON")
    func overlays() throws {
        let directory = try ScratchDirectory()
        try directory.write("{}", to: "c.json")
        try directory.write(#"{"workers": {"count": 9}}"#, to: "c.prod.json")
        try directory.write("", to: "c.test.yaml")
        try directory.write("", to: "unrelated.prod.yaml")
        #expect(try load(directory, configPath: "c.json", ["ACODE_ENV": "prod"]).settings.workers.count == 9)
        #expect(
            SettingsLoader.environments(configPath: "c.json", environment: [:], workingDirectory: directory.path)
                == ["prod", "test"])
        let error = #expect(throws: ConfigurationError.self) {
            try load(directory, configPath: "c.json", ["ACODE_ENV": "prd"])
        }
        #expect(error?.description == "c.prd.yaml: can't be read: No such file or directory (did you mean prod?)")
        let escape = #expect(throws: ConfigurationError.self) {
            try load(directory, configPath: "c.json", ["ACODE_ENV": "x/../../y"])
        }
        #expect(escape?.description == "ACODE_ENV: \"x/../../y\" is not a possible name")
        #expect(
            try load(directory, ["ACODE_ENV": "prod"]).warnings.map(\.file) == ["ACODE_ENV"])
    }

    @Test("mistakes of the file and of its overlay are told together")
    func both() throws {
        let directory = try ScratchDirectory()
        try directory.write("workers: {count: 0}", to: "acode.yaml")
        try directory.write("workers: [", to: "acode.prod.yaml")
        let error = #expect(throws: ConfigurationError.self) { try load(directory, ["ACODE_ENV": "prod"]) }
        #expect(Set(error?.problems.map(\.file) ?? []) == ["acode.yaml", "acode.prod.yaml"])
    }

    @Test("a file that is too large is not read to its end", .timeLimit(.minutes(3)))
    func endless() throws {
        let directory = try ScratchDirectory()
        let error = #expect(throws: ConfigurationError.self) { try load(directory, configPath: "/dev/zero") }
        #expect(error?.description == "/dev/zero: is larger than 1MiB (--config names it)")
    }
}
