import ControlPlane
import Foundation
import Testing
import WorkerPool

@testable import AcodeCommands

@Suite("Doctor")
struct DoctorTests {
    @Test func onlyFailuresMakeItIll() {
        let ok = DoctorCheck.ok("a", "fine")
        let warn = DoctorCheck.warn("b", "so so", fix: "x")
        let fail = DoctorCheck.fail("c", "bad", fix: nil)
        #expect(DoctorReport(checks: [ok, warn]).isHealthy)
        #expect(!DoctorReport(checks: [ok, fail]).isHealthy)
        #expect(
            DoctorReport(checks: [ok, warn, fail]).text(usesColor: false)
                == "ok    a  fine\nwarn  b  so so\n         fix: x\nfail  c  bad\n\n1 to fix, 1 to look at\n")
    }

    @Test func theRunningProgramIsDynamicAndAScriptIsNoProgram() throws {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/exe"))
        let own = try #require(try file.read(upToCount: 4096))
        guard case .isDynamic(let interpreter) = ExecutableFile.read([UInt8](own)) else {
            Issue.record("the test program should be linked dynamically")
            return
        }
        #expect(interpreter.contains("ld-"))
        #expect(ExecutableFile.read(Array("#!/bin/sh\n".utf8)) == .notELF)
        #expect(ExecutableFile.read([]) == .notELF)
    }

    @Test func aProgramWithoutAnInterpreterIsStatic() {
        #expect(ExecutableFile.read(Self.elf(segments: [1, 2])) == .isStatic(machine: 62))
        #expect(AgentChecks.judge(.isStatic(machine: 62), path: "/a").status == .ok)
        #expect(AgentChecks.judge(.isDynamic(interpreter: "/lib/ld.so"), path: "/a").status == .fail)
        #expect(AgentChecks.judge(.notELF, path: "/a").status == .fail)
    }

    /// Bytes that claim anything must not make it crash.
    @Test(arguments: 0..<200)
    func damagedHeadersAreHarmless(seed: Int) {
        var generator = SystemRandomNumberGenerator()
        var bytes = Self.elf(segments: [1, 3, 2])
        for _ in 0..<8 { bytes[Int.random(in: 16..<bytes.count, using: &generator)] = .random(in: 0...255) }
        _ = ExecutableFile.read(bytes)
        _ = ExecutableFile.read(Array(bytes.prefix(.random(in: 0...bytes.count))))
    }

    @Test(arguments: [
        ("/run/acode", "tmpfs"), ("/run/user/1000", "ext4"), ("/runner", "ext4"), ("/with space/x", "xfs"),
        ("/", "ext4"),
    ])
    func theInnermostMountDecides(path: String, type: String) {
        let table = """
            22 1 8:1 / / rw - ext4 /dev/sda1 rw
            23 22 0:20 / /run rw shared:5 - tmpfs tmpfs rw
            24 23 8:2 / /run/user rw - ext4 /dev/sda2 rw
            25 22 8:3 / /with\\040space rw - xfs /dev/sdb rw
            """
        #expect(MountTable.fileSystem(of: path, mountInfo: table) == type)
    }

    @Test(
        arguments: [
            (0, .fail), (200 << 20, .warn), (10 << 30, .ok),
        ] as [(UInt64, DoctorCheck.Status)])
    func diskSpaceIsJudged(free: UInt64, status: DoctorCheck.Status) {
        #expect(DirectoryChecks.judge(free: free).status == status)
    }

    @Test(arguments: [
        ("1 (sh) S 1", false), ("1 (a) b) R 1", false), ("1 (sh) Z 1", true), ("1 (sh) X 1", true), ("", true),
    ])
    func aProcessThatOnlyWaitsForItsParentHasEnded(stat: String, hasEnded: Bool) {
        #expect(ProcessTable.hasEnded(stat: stat) == hasEnded)
    }

    private static func elf(segments: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 + 56 * segments.count)
        bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        bytes[18] = 62
        bytes[32] = 64
        bytes[54] = 56
        bytes[56] = UInt8(segments.count)
        for (index, type) in segments.enumerated() { bytes[64 + 56 * index] = type }
        return bytes
    }
}
