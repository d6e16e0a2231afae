import Foundation
import Glibc
import Settings
import TaskModel
import TestSupport
import Testing

@testable import Supervisor

@Suite("State layout")
struct StateLayoutTests {
    private let scratch: Scratch
    private let state: StateSettings
    private let layout: StateLayout

    init() throws {
        scratch = try Scratch()
        state = StateSettings(dir: "\(scratch.path)/state", runtimeDir: "\(scratch.path)/run")
        layout = StateLayout(state: state, pool: "p")
    }

    @Test func everythingOfAPoolHasItsPlace() {
        #expect(layout.stateDirectory == "\(scratch.path)/state")
        #expect(layout.runtimeDirectory == "\(scratch.path)/run/p")
        #expect(layout.controlSocket == "\(scratch.path)/run/p/control.sock")
        #expect(layout.lockFile == "\(scratch.path)/run/p/lock")
        #expect(layout.log(task: TaskID(rawValue: "t"), attempt: 3) == "\(scratch.path)/state/logs/t/3.log")
    }

    @Test func preparingMakesDirectoriesForTheOwnerAlone() throws {
        try layout.prepare()
        for name in ["state", "state/logs", "run/p", "run/p/w"] {
            #expect(try Scratch.status("\(scratch.path)/\(name)") == (0o700, getuid()), "\(name)")
        }
        try layout.prepare()
    }

    @Test func aPlaceThatCanNotBeMadeIsNamed() throws {
        try Data().write(to: URL(fileURLWithPath: state.dir))
        let error = #expect(throws: SupervisorError.self) { try layout.prepare() }
        #expect(error?.code == .stateUnusable)
        #expect(error?.message.contains(state.dir) == true)
        #expect(error?.hint?.contains("state.dir") == true)
    }

    @Test func theInstallationKeepsItsIdentity() throws {
        try layout.prepare()
        #expect(layout.installationID == nil)
        let id = try layout.installation().id
        #expect(layout.installationID == id)
        #expect(try layout.installation() == .init(id: id))
        #expect(try StateLayout(state: state, pool: "other").installation().id == id)
        let other = try Scratch()
        let elsewhere = StateLayout(
            state: StateSettings(dir: "\(other.path)/state", runtimeDir: "\(other.path)/run"), pool: "p")
        try elsewhere.prepare()
        #expect(try elsewhere.installation().id != id)
    }

    @Test func anEmptyIdentityIsMadeAnew() throws {
        try layout.prepare()
        try Data("\n".utf8).write(to: URL(fileURLWithPath: "\(state.dir)/installation-id"))
        #expect(try !layout.installation().id.isEmpty)
    }

    @Test func controlSocketsOfAllPoolsAreFound() throws {
        #expect(StateLayout.controlSockets(state: state) == [])
        for pool in ["b", "a", "c"] { try StateLayout(state: state, pool: pool).prepare() }
        for pool in ["b", "a"] {
            try Data().write(to: URL(fileURLWithPath: StateLayout(state: state, pool: pool).controlSocket))
        }
        #expect(
            StateLayout.controlSockets(state: state) == ["a", "b"].map { "\(state.runtimeDir)/\($0)/control.sock" })
    }
}
