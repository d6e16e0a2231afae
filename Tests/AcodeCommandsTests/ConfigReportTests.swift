import Testing

@testable import AcodeCommands

@Suite("What checking a configuration says")
struct ConfigReportTests {
    @Test(
        arguments: [
            (nil, [], "ok    no environment: a.yaml\n"), ("prod", [], "ok    environment prod: a.yaml\n"),
            (nil, ["x"], "wrong without an environment:\n      x\n"),
            ("prod", ["x"], "wrong in environment prod:\n      x\n"),
        ] as [(String?, [String], String)])
    func eachEnvironmentIsNamed(environment: String?, problems: [String], text: String) {
        let report = ConfigReport(
            environment: environment, files: problems.isEmpty ? ["a.yaml"] : [], problems: problems, warnings: [])
        #expect(report.text == text)
    }
}
