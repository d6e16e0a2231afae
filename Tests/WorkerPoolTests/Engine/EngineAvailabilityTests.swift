import Foundation
import Testing

@testable import WorkerPool

@Suite("Engine availability")
struct EngineAvailabilityTests {
    private static let trouble = EngineTrouble(message: "no socket", hint: "start it")

    /// Plays pings by hand: one result after so long a pause each.
    struct Game {
        var machine: EngineAvailability
        var now = ContinuousClock.now

        init(fallbackAfter: Duration? = nil) {
            machine = EngineAvailability(interval: .seconds(5), fallbackAfter: fallbackAfter, now: now)
        }

        mutating func after(_ pause: Duration, _ event: EngineAvailability.Event) -> [EngineAvailability.Action] {
            now = now.advanced(by: pause)
            return machine.handle(event, now: now)
        }
    }

    @Test func oneFailedPingIsADoubtAndTheNextSettlesIt() {
        var game = Game()
        #expect(game.machine.pause == .seconds(5))
        #expect(game.after(.seconds(5), .pingFailed(Self.trouble)) == [])
        #expect(!game.machine.isUnavailable && game.machine.isDoubtful)
        #expect(game.machine.pause < .seconds(1))
        #expect(game.after(.zero, .pingAnswered) == [])
        #expect(game.machine.state == .answering)
    }

    @Test func twoFailedPingsInARowMakeItUnavailableOnce() {
        var game = Game()
        _ = game.after(.seconds(5), .pingFailed(Self.trouble))
        #expect(game.after(.zero, .pingFailed(Self.trouble)) == [.becomeUnavailable(Self.trouble)])
        #expect(game.machine.isUnavailable)
        #expect(game.after(.seconds(1), .pingFailed(Self.trouble)) == [])
    }

    @Test func theNewestWordsAreKept() {
        var game = Game()
        let hanging = EngineTrouble(message: "accepts but does not answer")
        _ = game.after(.zero, .pingFailed(Self.trouble))
        _ = game.after(.zero, .pingFailed(Self.trouble))
        _ = game.after(.zero, .pingFailed(hanging))
        guard case .unavailable(_, let told) = game.machine.state else {
            Issue.record("\(game.machine.state)")
            return
        }
        #expect(told == hanging)
    }

    @Test func theFirstAnswerBringsItBackAndTellsHowLongItWasAway() {
        var game = Game()
        _ = game.after(.seconds(2), .pingAnswered)
        _ = game.after(.seconds(5), .pingFailed(Self.trouble))
        _ = game.after(.seconds(1), .pingFailed(Self.trouble))
        #expect(game.after(.seconds(3), .pingAnswered) == [.comeBack(after: .seconds(9))])
        #expect(game.machine.state == .answering)
    }

    @Test func processesStandInOnceItHasBeenAwayForLongEnoughAndAnewInTheNextOutage() {
        var game = Game(fallbackAfter: .seconds(10))
        for _ in 1...2 {
            _ = game.after(.zero, .pingFailed(Self.trouble))
            #expect(game.after(.zero, .pingFailed(Self.trouble)) == [.becomeUnavailable(Self.trouble)])
            #expect(game.after(.seconds(9), .pingFailed(Self.trouble)) == [])
            #expect(!game.machine.hasFallenBack)
            #expect(game.after(.seconds(1), .pingFailed(Self.trouble)) == [.fallBack])
            #expect(game.after(.seconds(99), .pingFailed(Self.trouble)) == [])
            #expect(game.machine.hasFallenBack)
            #expect(game.after(.zero, .pingAnswered).count == 1)
            #expect(!game.machine.hasFallenBack)
        }
    }

    @Test func withoutAWaitProcessesStandInAtOnceAndWithoutLeaveNever() {
        var eager = Game(fallbackAfter: .zero)
        _ = eager.after(.zero, .pingFailed(Self.trouble))
        #expect(eager.after(.zero, .pingFailed(Self.trouble)) == [.becomeUnavailable(Self.trouble), .fallBack])
        var strict = Game()
        _ = strict.after(.zero, .pingFailed(Self.trouble))
        _ = strict.after(.zero, .pingFailed(Self.trouble))
        #expect(strict.after(.seconds(86_400), .pingFailed(Self.trouble)) == [])
    }

    /// What an outage explains: the time from the last answer before it until a moment after the first one.
    @Test(arguments: [(-1.0, false), (0, true), (5, true), (10, true), (12, true), (14, false)])
    func anOutageExplainsWhatHappenedInIt(second: Double, explains: Bool) {
        let begin = Date(timeIntervalSince1970: 1_000_000)
        let outage = EngineOutage(begin: begin, end: begin.addingTimeInterval(10))
        #expect(outage.covers(begin.addingTimeInterval(second)) == explains)
        #expect(EngineOutage(begin: begin).covers(begin.addingTimeInterval(second)) == (second >= 0))
    }
}
