import Testing

@testable import TaskStore

@Suite("PostgreSQL: when queues are announced")
struct AnnouncementWindowTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func theFirstWordGoesAtOnceAndTheOthersTogetherLater() {
        var window = AnnouncementWindow()
        #expect(window.plan(["b", "a"], at: at(0)) == .init(now: ["a", "b"]))
        #expect(window.plan(["a"], at: at(1)) == .init(later: ["a"]))
        #expect(window.plan(["a", "b"], at: at(2)) == .init(later: ["a", "b"]))
        // Not before what they are about is there.
        #expect(window.rest(at: at(3)).isEmpty)
        #expect(window.putOff(["a"]) == true)
        // Somebody comes back already.
        #expect(window.putOff(["a", "b"]) == false)
        #expect(window.rest(at: at(11)) == ["a", "b"])
        #expect(window.rest(at: at(12)).isEmpty)
        #expect(window.goesOn() == false)
        // What was announced late counts from then.
        #expect(window.plan(["a"], at: at(20)) == .init(later: ["a"]))
        #expect(window.plan(["a"], at: at(22)) == .init(now: ["a"]))
    }

    @Test func whoeverComesBackGoesOnWhileSomethingIsLeft() {
        var window = AnnouncementWindow()
        #expect(window.putOff([]) == false)
        #expect(window.putOff(["a"]) == true)
        #expect(window.rest(at: at(10)) == ["a"])
        // It could not be said, and another one comes before anybody asks.
        #expect(window.putOff(["a"]) == false)
        #expect(window.putOff(["b"]) == false)
        #expect(window.goesOn() == true)
        #expect(window.rest(at: at(20)) == ["a", "b"])
        #expect(window.goesOn() == false)
        #expect(window.putOff(["a"]) == true)
    }

    @Test func otherQueuesDoNotWait() {
        var window = AnnouncementWindow()
        _ = window.plan(["a"], at: at(0))
        #expect(window.plan(["a", "c"], at: at(1)) == .init(now: ["c"], later: ["a"]))
    }

    @Test func itStaysSmallHoweverManyQueuesThereAre() {
        var window = AnnouncementWindow()
        for number in 0..<(AnnouncementWindow.capacity * 3) {
            #expect(window.plan(["\(number)"], at: at(number)).now == ["\(number)"])
        }
        #expect(window.remembered <= AnnouncementWindow.capacity)
    }
}
