import Testing

@testable import TaskStore

@Suite("PostgreSQL: when queues are announced")
struct AnnouncementWindowTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func theFirstWordGoesAtOnceAndTheOthersTogetherLater() {
        var window = AnnouncementWindow()
        #expect(window.plan(["b", "a"], at: at(0)) == .init(now: ["a", "b"], mustReturn: false))
        #expect(window.plan(["a"], at: at(1)) == .init(now: [], mustReturn: true))
        // Somebody comes back already.
        #expect(window.plan(["a", "b"], at: at(2)) == .init(now: [], mustReturn: false))
        #expect(window.rest(at: at(11)) == ["a", "b"])
        #expect(window.rest(at: at(12)).isEmpty)
        // What was announced late counts from then.
        #expect(window.plan(["a"], at: at(20)) == .init(now: [], mustReturn: true))
        #expect(window.rest(at: at(30)) == ["a"])
        #expect(window.plan(["a"], at: at(41)) == .init(now: ["a"], mustReturn: false))
    }

    @Test func otherQueuesDoNotWait() {
        var window = AnnouncementWindow()
        _ = window.plan(["a"], at: at(0))
        #expect(window.plan(["a", "c"], at: at(1)) == .init(now: ["c"], mustReturn: true))
    }

    @Test func itStaysSmallHoweverManyQueuesThereAre() {
        var window = AnnouncementWindow()
        for number in 0..<(AnnouncementWindow.capacity * 3) {
            #expect(window.plan(["\(number)"], at: at(number)).now == ["\(number)"])
        }
        #expect(window.remembered <= AnnouncementWindow.capacity)
    }
}
