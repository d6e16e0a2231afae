import Foundation
import Settings
import TaskModel
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

/// On a real file system: `data` is allowed, `database` and `secret` are not.
@Suite("Mount policy")
struct MountPolicyTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        for name in ["data/in", "database", "secret/deep", "state", "run"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/\(name)", withIntermediateDirectories: true)
        }
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/\(name)", withDestinationPath: target)
    }

    private func policy(allowed: [String]? = nil, engineSocket: String? = nil) -> MountPolicy {
        let settings = Settings.test(in: scratch) {
            $0.workers.docker.allowedMounts = allowed ?? ["\(scratch.path)/data"]
        }
        return MountPolicy(settings: settings, engineSocket: engineSocket)
    }

    private func refusal(
        _ source: String, target: String = "/mnt", _ policy: MountPolicy? = nil
    ) -> WorkerError? {
        do throws(WorkerError) {
            try (policy ?? self.policy()).check(taskMount: MountSpec(source: source, target: target))
            return nil
        } catch {
            return error
        }
    }

    @Test func whatLiesInAnAllowedDirectoryMayBeMounted() {
        #expect(refusal("\(scratch.path)/data") == nil)
        #expect(refusal("\(scratch.path)/data/in") == nil)
        #expect(refusal("\(scratch.path)/data/../data/in/.") == nil)
    }

    @Test func aNameThatOnlyBeginsLikeAnAllowedOneIsRefused() {
        #expect(refusal("\(scratch.path)/database")?.code == .configurationRefused)
        #expect(refusal("\(scratch.path)/data/../secret")?.code == .configurationRefused)
        #expect(refusal(scratch.path)?.code == .configurationRefused)
    }

    @Test func aLinkOutOfAnAllowedDirectoryIsRefused() throws {
        try link("data/escape", to: "\(scratch.path)/secret")
        try link("data/relative", to: "../secret")
        try link("data/twice", to: "escape")
        for name in ["escape", "relative", "twice", "escape/deep", "in/../escape"] {
            #expect(refusal("\(scratch.path)/data/\(name)") != nil, "\(name)")
        }
    }

    /// The kernel follows a link before it goes up again, text alone does not.
    @Test func goingUpBehindALinkLeadsWhereTheKernelSays() throws {
        try link("data/hop", to: "\(scratch.path)/secret/deep")
        #expect(refusal("\(scratch.path)/data/hop/../deep") != nil)
        try link("secret/back", to: "\(scratch.path)/data/in")
        #expect(refusal("\(scratch.path)/secret/back/../in") == nil)
        // As text this is `data/in`; the kernel comes out at `secret/in`.
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/secret/in", withIntermediateDirectories: true)
        #expect(refusal("\(scratch.path)/data/hop/../in") != nil)
    }

    @Test func aLinkIntoAnAllowedDirectoryIsFine() throws {
        try link("way-in", to: "\(scratch.path)/data/in")
        #expect(refusal("\(scratch.path)/way-in") == nil)
    }

    @Test func anAllowedDirectoryMayItselfBeALink() throws {
        try link("alias", to: "\(scratch.path)/data")
        #expect(refusal("\(scratch.path)/alias/in", policy(allowed: ["\(scratch.path)/alias"])) == nil)
        #expect(refusal("\(scratch.path)/data/in", policy(allowed: ["\(scratch.path)/alias"])) == nil)
    }

    @Test func withoutAllowedDirectoriesTasksMountNothing() {
        #expect(refusal("\(scratch.path)/data", policy(allowed: [])) != nil)
    }

    @Test(arguments: ["/", "/proc", "/sys/fs", "/dev", "/proc/self/root"])
    func theHostAndItsKernelAreRefusedWhateverIsAllowed(_ source: String) {
        #expect(refusal(source, policy(allowed: ["/"]))?.code == .configurationRefused)
    }

    @Test func acodesOwnStateIsRefusedAlsoThroughALink() throws {
        #expect(refusal("\(scratch.path)/state", policy(allowed: ["/"])) != nil)
        #expect(refusal("\(scratch.path)/run", policy(allowed: ["/"])) != nil)
        try link("data/state", to: "\(scratch.path)/state")
        #expect(refusal("\(scratch.path)/data/state", policy(allowed: ["/"])) != nil)
    }

    @Test func theEnginesSocketIsRefusedAlsoThroughALink() throws {
        let socket = "\(scratch.path)/data/engine.sock"
        try Data().write(to: URL(fileURLWithPath: socket))
        try link("data/harmless", to: "engine.sock")
        let policy = policy(engineSocket: socket)
        #expect(refusal(socket, policy) != nil)
        #expect(refusal("\(scratch.path)/data/harmless", policy) != nil)
        #expect(refusal("\(scratch.path)/data", policy) != nil)
        #expect(refusal("\(scratch.path)/data/in", policy) == nil)
    }

    @Test(arguments: ["data/missing", "data/missing/../in"])
    func aSourceThatIsMissingIsRefusedBecausePodmanWouldMakeIt(_ name: String) {
        #expect(refusal("\(scratch.path)/\(name)")?.message.contains("not an existing") == true)
    }

    @Test func aRelativeSourceIsRefused() {
        #expect(refusal("data")?.code == .configurationRefused)
        #expect(refusal("")?.code == .configurationRefused)
    }

    @Test(arguments: ["/", "/run/secrets", "/run/acode/x", "/proc", "/run"])
    func aTargetThatHidesWhatTheContainerNeedsIsRefused(_ target: String) {
        #expect(refusal("\(scratch.path)/data", target: target)?.code == .configurationRefused)
    }

    @Test func thePoolsOwnMountsNeedNoPermissionButFollowTheRules() throws {
        let policy = policy(allowed: [])
        try policy.check(poolMount: MountSpec(source: "\(scratch.path)/secret", target: "/mnt"))
        for source in ["/", "\(scratch.path)/missing", "\(scratch.path)/state", "/proc"] {
            #expect(throws: WorkerError.self) {
                try policy.check(poolMount: MountSpec(source: source, target: "/mnt"))
            }
        }
    }
}
