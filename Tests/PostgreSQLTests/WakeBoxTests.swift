import Testing

@testable import PostgreSQL

@Suite("PostgreSQL: what a listener tells")
struct WakeBoxTests {
    private let gone = PostgresError(.connectionLost, "x", operation: "listen")

    @Test func nothingHappenedIsNoNews() {
        var box = WakeBox()
        #expect(box.take() == nil)
        box.connected()
        #expect(box.take()?.mayHaveMissed == true)
        #expect(box.take() == nil)
    }

    @Test func lossesAreToldOnceAndRemembered() {
        var box = WakeBox()
        box.connected()
        _ = box.take()
        box.lost(gone)
        #expect(box.take()?.trouble == gone)
        box.lost(gone)
        #expect(box.take() == nil)
        box.notified(PostgresNotice(channel: "c"))
        #expect(box.take()?.trouble == gone)
        box.connected()
        let wake = box.take()
        #expect(wake?.trouble == nil && wake?.mayHaveMissed == true)
    }

    @Test func aLossThatWasMendedBeforeAnybodyAskedIsAWordToLook() {
        var box = WakeBox()
        box.connected()
        _ = box.take()
        box.lost(gone)
        box.connected()
        let wake = box.take()
        #expect(wake?.trouble == nil && wake?.mayHaveMissed == true)
    }

    @Test func itKeepsOnlySoManyNoticesAndSaysSo() {
        var box = WakeBox()
        for round in 0..<2 {
            for number in 0..<WakeBox.capacity { box.notified(PostgresNotice(channel: "c", payload: "\(number)")) }
            let more = PostgresNotice(channel: "d")
            if round == 1 { box.notified(more) }
            let wake = box.take()
            #expect(wake?.notices.count == WakeBox.capacity)
            #expect(wake?.mayHaveMissed == (round == 1))
        }
    }

    @Test(arguments: [(0.0, [50, 100, 200, 400, 500, 500]), (1.0, [100, 200, 400, 800, 1000, 1000])])
    func pausesGrowUpToTheLongest(jitter: Double, expected: [Int]) {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        #expect(expected.map { _ in backoff.next(jitter: jitter) } == expected.map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next(jitter: jitter) == .milliseconds(expected[0]))
        for _ in 0..<100 { _ = backoff.next(jitter: 1) }
        #expect(backoff.next(jitter: 7) == .seconds(1))
    }
}
