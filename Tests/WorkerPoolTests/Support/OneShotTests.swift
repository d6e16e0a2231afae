import Testing

@testable import WorkerPool

@Suite("One shot", .timeLimit(.minutes(3)))
struct OneShotTests {
    @Test func theFirstValueCounts() async {
        let shot = OneShot<Int>()
        #expect(shot.current == nil)
        #expect(shot.set(1))
        #expect(!shot.set(2))
        #expect(shot.current == 1)
        #expect(await shot.wait() == 1)
        #expect(await shot.value() == 1)
    }

    @Test func manyWaitersGetTheSameValue() async {
        let shot = OneShot<Int>()
        let values = await withTaskGroup(of: Int?.self) { group in
            for index in 0..<1000 {
                group.addTask { index.isMultiple(of: 2) ? await shot.wait() : await shot.value() }
            }
            group.addTask {
                shot.set(7)
                return 7
            }
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(values.count == 1001)
        #expect(values.allSatisfy { $0 == 7 })
    }

    @Test func manySettersHaveOneWinner() async {
        let shot = OneShot<Int>()
        let winners = await withTaskGroup(of: Int?.self) { group in
            for index in 0..<1000 { group.addTask { shot.set(index) ? index : nil } }
            return await group.reduce(into: [Int]()) { list, winner in if let winner { list.append(winner) } }
        }
        #expect(winners.count == 1)
        #expect(shot.current == winners.first)
    }

    @Test func aCancelledWaitEndsWithoutAValueAndDisturbsNobody() async {
        let shot = OneShot<Int>()
        let patient = Task { await shot.wait() }
        let impatient = (0..<100).map { _ in Task { await shot.wait() } }
        for task in impatient { task.cancel() }
        for task in impatient { #expect(await task.value == nil) }
        shot.set(3)
        #expect(await patient.value == 3)
    }

    @Test func aWaitOfATaskThatIsCancelledAlreadyEndsAtOnce() async {
        let shot = OneShot<Int>()
        let gate = OneShot<Void>()
        let task = Task {
            await gate.value()
            return await shot.wait()
        }
        task.cancel()
        gate.set(())
        #expect(await task.value == nil)
    }

    @Test func aSetValueReachesAlsoACancelledTask() async {
        let shot = OneShot<Int>()
        shot.set(5)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await shot.wait()
        }
        #expect(await task.value == 5)
    }

    @Test func cancellationDoesNotEndTheUncancellableWait() async {
        let shot = OneShot<Int>()
        let task = Task { await shot.value() }
        task.cancel()
        shot.set(4)
        #expect(await task.value == 4)
    }

    @Test func aWaitEndsWhenItsTimeIsOver() async {
        let shot = OneShot<Int>()
        let begun = ContinuousClock.now
        #expect(await shot.wait(atMost: .milliseconds(50)) == nil)
        #expect(ContinuousClock.now - begun >= .milliseconds(50))
        #expect(shot.set(1))
        #expect(await shot.wait(atMost: .seconds(60)) == 1)
        #expect(ContinuousClock.now - begun < .seconds(30))
    }

    @Test func aWaitWithALimitEndsWhenItsTaskIsCancelled() async {
        let shot = OneShot<Int>()
        let begun = ContinuousClock.now
        let task = Task { await shot.wait(atMost: .seconds(600)) }
        task.cancel()
        #expect(await task.value == nil)
        #expect(ContinuousClock.now - begun < .seconds(30))
    }
}
