import Testing

@testable import WorkerPool

@Suite("Memory of images")
struct ImageMemoryTests {
    private let now = ContinuousClock.now

    @Test func oneThatHasToBePulledAgainIsStillKnown() {
        var memory = ImageMemory()
        memory.note("a", id: "1", until: now.advanced(by: .seconds(1)))
        memory.note("b", id: "2", until: nil)
        #expect(memory.isFresh("a", at: now) && memory.isFresh("b", at: now) && !memory.isFresh("c", at: now))
        let later = now.advanced(by: .seconds(1))
        #expect(!memory.isFresh("a", at: later) && memory.isFresh("b", at: later))
        memory.expire(at: later)
        #expect(!memory.isFresh("b", at: later))
        #expect(memory.names == ["a", "b"] && memory.id(of: "a") == "1")
        memory.forget("a")
        #expect(memory.names == ["b"] && memory.id(of: "a") == nil)
    }

    @Test func oneTooManyCostsTheOldestOnly() {
        var memory = ImageMemory()
        for number in 0..<ImageMemory.most { memory.note("\(number)", id: "", until: nil) }
        memory.note("0", id: "again", until: nil)
        memory.note("one more", id: "", until: nil)
        #expect(memory.names.count == ImageMemory.most)
        #expect(memory.names.isSuperset(of: ["0", "2", "one more"]) && !memory.names.contains("1"))
    }
}
