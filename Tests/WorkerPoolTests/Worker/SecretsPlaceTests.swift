import Foundation
import Glibc
import Testing

@testable import WorkerPool

/// With a table of mounts in which `/dev/shm` alone is in memory.
@Suite("The place of secrets")
struct SecretsPlaceTests {
    private static func choose(
        _ runtime: String, shared: String = "/dev/shm", source: String = "tmpfs"
    ) -> SecretsPlace {
        .choose(
            runtimeDirectory: runtime, installation: "i", pool: "p", shared: shared,
            mountInfo: "22 1 0:21 / / rw - ext4 /dev/vda rw\n30 25 0:27 / /dev/shm rw,relatime - tmpfs \(source) rw")
    }

    @Test func aRuntimeDirectoryInMemoryHoldsThem() {
        #expect(Self.choose("/dev/shm/not-there/yet") == .runtimeDirectory)
    }

    @Test func otherwiseSharedMemoryDoes() {
        #expect(Self.choose("/proc") == .memory("/dev/shm/acode-\(geteuid())/i/p"))
    }

    @Test(arguments: [
        ("/proc", "tmpfs", "no memory that can be written to"), ("/dev/shm", "shm", "this container's alone"),
    ])
    func whyTheyReachADiskIsSaid(shared: String, source: String, words: String) {
        guard case .disk(let reason) = Self.choose("/proc", shared: shared, source: source) else {
            Issue.record("a place was found")
            return
        }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test func aDirectoryThatIsOpenToOthersIsNotUsed() throws {
        let shared = "/dev/shm/acode-test-\(UInt32.random(in: 0 ... .max))"
        let own = "\(shared)/acode-\(geteuid())"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: shared) }
        chmod(own, 0o755)
        guard case .disk(let reason) = Self.choose("/proc", shared: shared) else {
            Issue.record("it was used")
            return
        }
        #expect(reason.contains("open to others"))
    }

    @Test func directoriesMadeAndPrunedAtOnceAreNeverOpenToOthers() async throws {
        let shared = "/dev/shm/acode-test-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: shared) }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    for _ in 0..<2000 {
                        let path = "\(shared)/own/installation/\(number)"
                        do {
                            try PrivateDirectory.make(path, below: "\(shared)/own")
                        } catch let error as POSIXError where error.code == .ENOENT {
                            // Another was faster ten times.
                        } catch {
                            Issue.record("\(error)")
                            return
                        }
                        PrivateDirectory.prune(path, levels: 3)
                    }
                }
            }
        }
    }
}
