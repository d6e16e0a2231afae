import Testing

@testable import WorkerPool

@Suite("Engine that refuses for want of space")
struct EngineRefusalTests {
    private static let trouble = EngineTrouble(message: "no space left on device", hint: "free space")

    /// Plays wishes by hand: one event after so long a pause each.
    struct Game {
        var machine: EngineRefusal
        var now = ContinuousClock.now

        init(fallbackAfter: Duration? = nil) { machine = EngineRefusal(fallbackAfter: fallbackAfter, now: now) }

        @discardableResult
        mutating func after(_ pause: Duration, _ event: EngineRefusal.Event) -> [EngineRefusal.Action] {
            now = now.advanced(by: pause)
            return machine.handle(event, now: now)
        }
    }

    @Test func itIsSaidOnceAndEndsWithWhatIsMade() {
        var game = Game()
        #expect(game.after(.zero, .fulfilled) == [])
        #expect(game.after(.zero, .refused(Self.trouble)) == [.begin(Self.trouble)])
        #expect(game.after(.seconds(1), .refused(EngineTrouble(message: "still"))) == [])
        #expect(game.machine.current?.trouble.message == "still")
        #expect(game.after(.seconds(1), .fulfilled) == [.end(wasFulfilled: true)])
        #expect(game.machine.current == nil)
        #expect(game.after(.seconds(1), .fulfilled) == [])
    }

    @Test func itEndsWhenNobodyWantsAnythingAnyMore() {
        var game = Game()
        game.after(.zero, .wished)
        game.after(.zero, .refused(Self.trouble))
        // A pull that goes on for long is a wish all the time.
        #expect(game.after(EngineRefusal.patience * 4, .looked) == [])
        game.after(.zero, .wishEnded)
        #expect(game.after(EngineRefusal.patience - .seconds(1), .looked) == [])
        game.after(.zero, .wished)
        game.after(.zero, .wishEnded)
        #expect(game.after(EngineRefusal.patience - .seconds(1), .looked) == [])
        #expect(game.after(.seconds(1), .looked) == [.end(wasFulfilled: false)])
        #expect(game.after(.seconds(1), .looked) == [])
    }

    @Test func localProcessesStandInOnceItLasts() {
        var game = Game(fallbackAfter: .seconds(3))
        game.after(.zero, .wished)
        game.after(.zero, .refused(Self.trouble))
        #expect(game.after(.seconds(2), .looked) == [])
        #expect(game.after(.seconds(1), .looked) == [.fallBack])
        #expect(game.machine.current?.hasFallenBack == true)
        #expect(game.after(.seconds(1), .looked) == [])
        #expect(game.after(.seconds(1), .fulfilled) == [.end(wasFulfilled: true)])
        // The next one counts from its own beginning.
        game.after(.zero, .refused(Self.trouble))
        #expect(game.after(.seconds(2), .looked) == [])
    }

    @Test func anEngineThatGoesAwayRefusesNothing() {
        var game = Game(fallbackAfter: .zero)
        game.after(.zero, .refused(Self.trouble))
        #expect(game.after(.zero, .engineAway) == [])
        #expect(game.after(.seconds(60), .looked) == [])
    }
}
