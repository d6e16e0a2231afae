import PostgreSQL
import Testing

@Suite("PostgreSQL: circuit breaker")
struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    /// What happens, and when, in milliseconds.
    private enum Step: Sendable {
        case succeeded
        case failed(Int)
        case gaveUp(Int)
        case admit(Int, CircuitBreaker.Admission)
    }

    private func play(_ steps: [Step]) {
        var breaker = CircuitBreaker()
        for (index, step) in steps.enumerated() {
            switch step {
            case .succeeded: breaker.succeeded()
            case .failed(let at): breaker.failed(at: start + .milliseconds(at), jitter: 0)
            case .gaveUp(let at): breaker.gaveUp(at: start + .milliseconds(at))
            case .admit(let at, let expected):
                #expect(breaker.admit(at: start + .milliseconds(at)) == expected, "step \(index)")
            }
        }
    }

    @Test func itOpensAfterFailuresInARow() {
        play([.admit(0, .go), .failed(0), .failed(0), .admit(0, .go), .failed(0), .admit(0, .wait(.milliseconds(250)))])
    }

    @Test func aSuccessBetweenFailuresStartsTheCountAgain() {
        play([.failed(0), .failed(0), .succeeded, .failed(0), .failed(0), .admit(0, .go)])
    }

    @Test func afterThePauseOneMayTryAndTheOthersWait() {
        play([
            .failed(0), .failed(0), .failed(0), .admit(249, .wait(.milliseconds(1))), .admit(250, .go),
            .admit(250, .wait(.milliseconds(250))), .succeeded, .admit(251, .go), .admit(251, .go),
        ])
    }

    @Test func eachFailedTryMakesThePauseTwiceAsLongUpToTheLongest() {
        var breaker = CircuitBreaker()
        var now = start
        for _ in 0..<3 { breaker.failed(at: now, jitter: 0) }
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .wait(let pause) = breaker.admit(at: now) else {
                Issue.record("not open")
                return
            }
            pauses.append(pause)
            now += pause
            #expect(breaker.admit(at: now) == .go)
            breaker.failed(at: now, jitter: 0)
        }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 8000, 15000, 15000].map { .milliseconds($0) })
    }

    @Test func whoGivesUpLeavesTheTryToTheNext() {
        play([.failed(0), .failed(0), .failed(0), .admit(300, .go), .gaveUp(310), .admit(310, .go)])
    }

    @Test func lateFailuresOfOldTriesDoNotMakeThePauseLonger() {
        play([.failed(0), .failed(0), .failed(0), .failed(200), .admit(250, .go)])
    }

    @Test(arguments: [(0.0, 250.0), (1.0, 312.5), (7.0, 312.5), (-1.0, 250.0)])
    func jitterMakesAPauseUpToAQuarterLonger(jitter: Double, milliseconds: Double) {
        var breaker = CircuitBreaker()
        for _ in 0..<3 { breaker.failed(at: start, jitter: jitter) }
        guard case .wait(let pause) = breaker.admit(at: start) else {
            Issue.record("not open")
            return
        }
        #expect(abs(pause / .milliseconds(1) - milliseconds) < 0.001)
    }
}
