import Testing

@testable import AcodeCommands

@Suite("Following attempts")
struct FollowStateTests {
    private typealias Seen = FollowState.Seen

    @Test func waitsUntilThereIsAnAttempt() {
        var state = FollowState(.from(1))
        #expect(state.step == .wait)
        state.observe([], isTerminal: false)
        #expect(state.step == .wait)
        state.observe([Seen(number: 1, hasEnded: false)], isTerminal: false)
        #expect(state.step == .read(attempt: 1))
    }

    @Test func theEndOfAGrowingLogIsNotTheEnd() {
        var state = FollowState(.from(1))
        state.observe([Seen(number: 1, hasEnded: false)], isTerminal: false)
        state.reachedEnd()
        #expect(state.step == .read(attempt: 1))
        // The attempt has ended in the meantime: what was written last is still to be read.
        state.observe([Seen(number: 1, hasEnded: true)], isTerminal: true)
        #expect(state.step == .read(attempt: 1))
        state.reachedEnd()
        #expect(state.step == .done)
    }

    @Test func aRetryIsFollowed() {
        var state = FollowState(.from(1))
        state.observe([Seen(number: 1, hasEnded: true)], isTerminal: false)
        state.reachedEnd()
        #expect(state.step == .wait)
        state.observe([Seen(number: 2, hasEnded: false), Seen(number: 1, hasEnded: true)], isTerminal: false)
        #expect(state.step == .read(attempt: 2))
    }

    @Test func attemptsThatCameAndWentUnseenAreReadInOrder() {
        var state = FollowState(.from(1))
        state.observe((1...3).map { Seen(number: $0, hasEnded: true) }, isTerminal: true)
        for number in 1...3 {
            #expect(state.step == .read(attempt: number))
            state.reachedEnd()
        }
        #expect(state.step == .done)
    }

    @Test func aTaskThatEndsWithoutAnAttemptIsDone() {
        var state = FollowState(.from(1))
        state.observe([], isTerminal: true)
        #expect(state.step == .done)
    }

    @Test func oneAttemptAloneIsReadToItsEnd() {
        var state = FollowState(.only(2))
        state.observe([Seen(number: 1, hasEnded: true), Seen(number: 2, hasEnded: true)], isTerminal: false)
        #expect(state.step == .read(attempt: 2))
        state.reachedEnd()
        #expect(state.step == .done)
        state.observe([Seen(number: 2, hasEnded: true), Seen(number: 3, hasEnded: false)], isTerminal: false)
        #expect(state.step == .done)
    }

    @Test func earlierAttemptsAreLeftOut() {
        var state = FollowState(.from(3))
        state.observe((1...4).map { Seen(number: $0, hasEnded: true) }, isTerminal: true)
        #expect(state.step == .read(attempt: 3))
    }
}
