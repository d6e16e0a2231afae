import Foundation
import TaskModel
import Testing

@testable import Supervisor

@Suite("Worker timeline")
struct WorkerTimelineTests {
    private static let worker = WorkerID(rawValue: "abcdefghijkl")

    @Test func theLastFiftyAreKept() {
        var timeline = WorkerTimeline()
        for number in 0..<60 { timeline.add(WorkerEvent(at: Date(), kind: .taskBegun, message: "\(number)")) }
        #expect(timeline.events.count == 50)
        #expect(timeline.events.first?.message == "10" && timeline.events.last?.message == "59")
    }

    @Test func aStoppedWorkerIsForgottenAndAFailedOneIsNot() {
        let timelines = WorkerTimelines()
        timelines.note(Self.worker, .ready)
        #expect(timelines.events(of: Self.worker).isEmpty)
        timelines.begin(Self.worker, "image")
        timelines.note(Self.worker, .ready)
        timelines.end(Self.worker, failure: "gone")
        #expect(timelines.events(of: Self.worker).map(\.kind) == [.created, .ready, .failed])
        timelines.begin(Self.worker, "again")
        timelines.end(Self.worker, failure: nil)
        #expect(timelines.events(of: Self.worker).isEmpty)
    }

    @Test func notAllThatFailedAreRemembered() {
        let timelines = WorkerTimelines()
        let workers = (0..<40).map { WorkerID(rawValue: "worker\($0)") }
        for worker in workers {
            timelines.begin(worker, "")
            timelines.end(worker, failure: "gone")
        }
        #expect(workers.count { !timelines.events(of: $0).isEmpty } == 32)
        #expect(!timelines.events(of: workers[39]).isEmpty)
    }
}
