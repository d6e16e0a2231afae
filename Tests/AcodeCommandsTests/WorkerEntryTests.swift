import ContainerEngine
import ControlPlane
import Testing

@testable import AcodeCommands

@Suite("Entering a worker")
struct WorkerEntryTests {
    private static func entry(
        _ status: String, name: String? = "acode-worker-w1", container: String? = "c1", reason: String? = nil
    ) -> WorkerEntry {
        WorkerEntry(
            worker: WorkerSummary(
                id: "w1", containerName: name, containerID: container, status: status, profile: "p", reason: reason),
            stateDirectory: "/state")
    }

    @Test(arguments: ["idle", "busy", "draining", "unhealthy"])
    func aRunningContainerIsEntered(_ status: String) throws {
        #expect(try Self.entry(status).container() == "c1")
    }

    @Test(arguments: ["provisioning", "starting", "stopping", "stopped", "failed"])
    func whatDoesNotRunIsToldByItsState(_ status: String) {
        let failure = #expect(throws: CommandFailure.self) { try Self.entry(status).container() }
        #expect(failure?.exitCode == 75)
        #expect(failure?.message == "can't run a command in the worker w1: it is \(status)")
    }

    @Test func aWorkerThatIsToBeMadeAgainTellsWhy() {
        let entry = Self.entry("backingOff", name: nil, container: nil, reason: "it died")
        let failure = #expect(throws: CommandFailure.self) { try entry.container() }
        #expect(failure?.exitCode == 75)
        #expect(failure?.message.hasSuffix("it is backingOff: it died") == true)
    }

    @Test func aProcessIsNoContainer() {
        let failure = #expect(throws: CommandFailure.self) {
            try Self.entry("idle", name: nil, container: nil).container()
        }
        #expect(failure?.exitCode == 1)
        #expect(failure?.hint?.contains("/state/workers/w1") == true)
    }

    @Test(arguments: [
        (ContainerStatus.paused, "its container is paused"), (.exited, "its container is exited"),
        (nil, "its container is gone"),
    ])
    func theEnginesRefusalIsToldByTheContainersState(_ state: ContainerStatus?, _ words: String) {
        let failure = Self.entry("idle").refusal(state)
        #expect(failure.exitCode == 75)
        #expect(failure.message.hasSuffix(words))
    }
}
