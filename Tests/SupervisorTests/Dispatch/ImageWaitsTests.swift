import TaskStore
import Testing

@testable import Supervisor

@Suite("Waits for images")
struct ImageWaitsTests {
    /// What is allowed when so many attempts wait for each image, in a pool whose tasks get "own" and that has "here".
    private func allowance(_ waiting: [String: Int], slots: Int) -> ImageWaits.Allowance {
        var waits = ImageWaits()
        for (image, count) in waiting { for _ in 0..<count { waits.enter(image) } }
        return waits.allowance(slots: slots, standard: "own") { ["own", "here"] }
    }

    @Test(
        arguments: [
            ([:], 1, 4, .any), ([:], 0, 4, .any), ([:], 9, 9, .any),
            (["a": 3], 2, 1, .any), (["a": 8], 9, 1, .any),
            // As many as the pool could run.
            (["a": 4], 2, 12, .allBut(["a"])), (["a": 9], 9, 27, .allBut(["a"])),
            (["a": 4, "b": 1], 2, 11, .allBut(["a", "b"])),
            // A pool that became smaller.
            (["a": 9], 2, 7, .allBut(["a"])),
            // Tasks that name none get the pool's own.
            (["own": 4], 2, 12, .allBut(["own", nil])),
            // Nobody knows which others hang.
            (["a": 4, "b": 4, "c": 8], 2, .max, .only(["own", nil, "here"])),
            // Pulled again, and waited for.
            (["a": 20, "own": 1], 2, .max, .only(["here"])),
        ] as [([String: Int], Int, Int, ImageChoice)])
    func passOverImagesThatManyWaitFor(_ waiting: [String: Int], slots: Int, limit: Int, images: ImageChoice) {
        #expect(allowance(waiting, slots: slots) == ImageWaits.Allowance(limit: limit, images: images))
    }

    @Test func areForgottenWithTheLastOfThem() {
        var waits = ImageWaits()
        for image in ["a", "b", "a"] { waits.enter(image) }
        for image in ["a", "a", "b", "b", "c"] { waits.leave(image) }
        #expect(waits == ImageWaits())
    }
}
