import Foundation
import Testing

@testable import TaskModel

@Suite("Task ids")
struct TimeOrderedUUIDTests {
    @Test func areVersionSevenOfRFC9562() throws {
        let before = UInt64(Date().timeIntervalSince1970 * 1000)
        let text = TaskID.next().rawValue
        #expect(text.utf8.count == 36)
        #expect(text == text.lowercased())
        let uuid = try #require(UUID(uuidString: text)).uuid
        #expect(uuid.6 >> 4 == 7)
        #expect(uuid.8 >> 6 == 0b10)
        let time = [uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Other tests may have borrowed milliseconds from the future.
        #expect((before..<before + 60000).contains(time))
    }

    @Test func neverGoBackwards() {
        let ids = (0..<20000).map { _ in TaskID.next() }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test func areUniqueOverThreads() async {
        let ids = await withTaskGroup(of: [TaskID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2000).map { _ in TaskID.next() } } }
            return await group.reduce(into: [TaskID]()) {
                #expect($1 == $1.sorted())
                $0 += $1
            }
        }
        #expect(Set(ids).count == 16000)
    }

    @Test func workersHaveShortNames() {
        let ids = (0..<1000).map { _ in WorkerID.random() }
        #expect(Set(ids).count == 1000)
        for id in ids {
            #expect(id.rawValue.utf8.count == 12)
            #expect(id.rawValue.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz234567".utf8.contains($0) })
        }
    }
}
