import Foundation
import Synchronization
import Testing

@testable import WorkerPool

@Suite("Shared threads")
struct SharedThreadsTests {
    /// How many threads are asleep, how many jobs come one after the other, and which of them wake somebody.
    @Test(
        arguments: [
            (0, 3, [false, false, false]),
            (1, 3, [false, true, false]),
            (2, 3, [true, true, false]),
        ])
    func aThreadIsWokenForWhatTheOthersAreNotAboutToComeTo(asleep: Int, jobs: Int, wakes: [Bool]) {
        var line = SharedLine<Int>(threads: 2)
        for _ in 0..<asleep { line.sleep() }
        #expect((0..<jobs).map { line.append($0) } == wakes)
        #expect((0..<jobs).map { _ in line.next() } == Array(0..<jobs))
        #expect(line.next() == nil)
        // Each that was called notices once, whoever it is.
        #expect((0..<3).map { _ in line.wakesUp() } == (0..<3).map { number in number < wakes.count { $0 } })
    }

    @Test func theOrderIsKeptHoweverManyWait() {
        var line = SharedLine<Int>(threads: 1)
        var taken: [Int] = []
        for number in 0..<10_000 {
            _ = line.append(number)
            if number % 3 > 0, let next = line.next() { taken.append(next) }
        }
        while let next = line.next() { taken.append(next) }
        #expect(taken == Array(0..<10_000))
    }

    private static let threads = SharedThreads(name: "acode-test-shared")

    /// Many tasks that wait for each other, from threads of this executor and from others.
    @Test func everythingRunsAndNothingIsForgotten() async {
        let ended = Ended()
        await withTaskExecutorPreference(Self.threads) {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        for _ in 0..<50 { await Task.yield() }
                        if number % 10 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
                        ended.count.withLock { $0 += 1 }
                    }
                }
            }
        }
        #expect(ended.count.withLock { $0 } == 200)
    }

    /// Each of the two waits for the other, as a test may: both threads must be awake.
    @Test func asManyRunAtOnceAsThereAreThreads() async {
        let first = Flag()
        let second = Flag()
        await withTaskExecutorPreference(Self.threads) {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { first.raise(andAwait: second) }
                group.addTask { second.raise(andAwait: first) }
                for await isMet in group { #expect(isMet) }
            }
        }
    }

    private final class Ended: Sendable {
        let count = Mutex(0)
    }

    private final class Flag: Sendable {
        private let isRaised = Mutex(false)

        func raise(andAwait other: Flag) -> Bool {
            isRaised.withLock { $0 = true }
            for _ in 0..<2000 {
                if other.isRaised.withLock({ $0 }) { return true }
                usleep(10_000)
            }
            return false
        }
    }
}
