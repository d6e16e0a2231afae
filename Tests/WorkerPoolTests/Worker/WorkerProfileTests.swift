import TaskModel
import Testing

@testable import WorkerPool

@Suite("Worker profile")
struct WorkerProfileTests {
    private static let mount = MountSpec(source: "/data", target: "/data", readOnly: true)

    private func profile(
        image: String = "busybox:1", cpus: Double = 1, memoryMb: Int = 512, pids: Int = 100,
        mounts: [MountSpec] = [mount]
    ) -> WorkerProfile {
        WorkerProfile(
            image: image, limits: ResourceLimits(cpus: cpus, memoryMb: memoryMb, pidsLimit: pids), mounts: mounts)
    }

    @Test func equalWordsMakeInterchangeableWorkers() {
        #expect(profile() == profile())
        #expect(profile().hashValue == profile().hashValue)
    }

    @Test func anyDifferenceMakesAnotherProfile() {
        var writable = Self.mount
        writable.readOnly = false
        let others = [
            profile(image: "busybox:2"), profile(cpus: 0.5), profile(memoryMb: 256), profile(pids: 50),
            profile(mounts: []), profile(mounts: [writable]), .local,
        ]
        #expect(!others.contains(profile()))
        #expect(Set(others).count == others.count)
    }

    @Test(
        arguments: [
            (1.0, "busybox:1 1 cpu 512 MiB 100 pids"), (1.5, "busybox:1 1.5 cpu 512 MiB 100 pids"),
            (0.01, "busybox:1 0.01 cpu 512 MiB 100 pids"),
        ])
    func theSummaryNamesImageAndLimits(cpus: Double, summary: String) {
        #expect(profile(cpus: cpus).summary == summary)
    }

    @Test func theLocalProfileIsOfAProcess() {
        #expect(WorkerProfile.local.mode == .local)
        #expect(WorkerProfile.local.summary == "local process")
        #expect(profile().mode == .docker)
    }
}
