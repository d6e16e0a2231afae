import ControlPlane
import Settings
import Supervisor
import TaskStore
import Testing

@testable import AcodeCommands

@Suite("Command failures")
struct CommandFailureTests {
    @Test(
        arguments: [
            (CommandFailure(StoreError(.busy, "m", operation: "o")), Int32(75)),
            (CommandFailure(StoreError(.full, "m", operation: "o")), 69),
            (CommandFailure(StoreError(.newerSchema, "m", operation: "o")), 69),
            (CommandFailure(StoreError(.internal, "m", operation: "o")), 70),
            (CommandFailure(SupervisorError(.poolBusy, "m")), 75),
            (CommandFailure(SupervisorError(.engineUnavailable, "m")), 69),
            (CommandFailure(SupervisorError(.storeUnavailable, "m")), 69),
            (CommandFailure(SupervisorError(.mountRefused, "m")), 78),
            (CommandFailure(SupervisorError(.stateUnusable, "m")), 70),
            (CommandFailure(ControlServerError(.socketInUse, "m")), 75),
            (CommandFailure(ControlServerError(.bindFailed, "m")), 69),
            (CommandFailure(ControlServerError(.pathTooLong, "m")), 78),
            (CommandFailure(ControlClientError(.noSupervisor, "m"), pool: "p"), 69),
            (CommandFailure(ControlClientError(.refused, "m", failure: ControlFailure(.notFound, "m")), pool: "p"), 1),
            (
                CommandFailure(
                    ControlClientError(.refused, "m", failure: ControlFailure(.unavailable, "m")), pool: "p"), 75
            ),
            (CommandFailure(ConfigurationError(problems: [Problem(file: "f", message: "m")])), 78),
        ] as [(CommandFailure, Int32)])
    func causesHaveTheirCodes(failure: CommandFailure, code: Int32) {
        #expect(failure.exitCode == code)
        #expect(!failure.message.isEmpty)
    }

    @Test func textNamesTheProgramTheCauseAndTheRemedy() {
        #expect(CommandFailure(1, "what: cause", hint: "do this").text == "acode: what: cause\nhint: do this\n")
        #expect(CommandFailure(1, "what: cause").text == "acode: what: cause\n")
    }

    @Test func everyMistakeOfAConfigurationIsPrinted() {
        let problems = [
            Problem(file: "a.yaml", line: 2, column: 3, path: "workers.count", message: "is wrong", hint: "mend it"),
            Problem(file: "--count", message: "is no number"),
        ]
        let text = CommandFailure(ConfigurationError(problems: problems)).text
        #expect(
            text == "acode: the configuration has 2 mistakes:\na.yaml:2:3: workers.count: is wrong (mend it)\n"
                + "--count: is no number\n")
    }
}
