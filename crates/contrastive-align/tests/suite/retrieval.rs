//! Ranks, neighbours and the index file.

use contrastive_align::{EmbeddingIndex, Error, PairIndex, Ranking, Retrieval};
use tch::Tensor;

use crate::numbers::unit_rows;

fn index(groups: &[i64], embeddings: &Tensor) -> EmbeddingIndex {
    let keys = (0..groups.len()).map(|row| format!("k{row}")).collect();
    EmbeddingIndex::new(keys, &Tensor::from_slice(groups), embeddings).unwrap()
}

fn vectors(rows: &Tensor) -> Vec<Vec<f32>> {
    Vec::<Vec<f32>>::try_from(rows.to_kind(tch::Kind::Float)).unwrap()
}

#[test]
fn ranks_in_pieces_equal_plain_loops() {
    // More rows than one piece holds, and about three items a group.
    let (queries, items) = (4100_usize, 8300_usize);
    let of_queries: Vec<i64> = (0..queries as i64).map(|row| row * 7 % 2767).collect();
    let of_items: Vec<i64> = (0..items as i64).map(|row| row % 2767).collect();
    let (query_rows, item_rows) = (unit_rows(1, queries as i64, 4), unit_rows(2, items as i64, 4));
    let ranking = Ranking::new(&index(&of_queries, &query_rows), &index(&of_items, &item_rows)).unwrap();
    assert_eq!(ranking.ranks().len(), queries);

    let (query_rows, item_rows) = (vectors(&query_rows), vectors(&item_rows));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    for query in (0..queries).step_by(97).chain([queries - 1]) {
        let similarity: Vec<f64> = item_rows.iter().map(|item| dot(&query_rows[query], item)).collect();
        let right = |item: &usize| of_items[*item] == of_queries[query];
        let best = (0..items).filter(right).map(|item| similarity[item]).fold(f64::MIN, f64::max);
        let above = (0..items).filter(|item| !right(item) && similarity[*item] > best).count();
        let rank = ranking.ranks()[query];
        // Cosines that differ by a rounding are tied.
        assert!(rank.above <= above && above <= rank.above + rank.tied, "{query}: {rank:?} {above}");
        assert!(rank.tied < 3);
    }
}

/// Four images; the first and the third have one report text.
fn pair_index(embeddings: &Tensor) -> PairIndex {
    let groups = [5, 6, 5, 7];
    PairIndex { images: index(&groups, embeddings), texts: index(&groups, embeddings) }
}

#[test]
fn identical_reports_are_one_item_and_all_their_images_are_right() {
    let text = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, -1.0, 0.0]).reshape([4, 2]);
    // The third image looks like the second report; the others like their own.
    let image = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0, 0.0, 1.0, -1.0, 0.0]).reshape([4, 2]);
    let retrieval =
        Retrieval::new(&PairIndex { images: pair_index(&image).images, texts: pair_index(&text).texts })
            .unwrap();
    let forward = retrieval.image_to_text.summary().unwrap();
    assert_eq!((forward.queries, forward.items), (4, 3));
    assert_eq!(forward.recall_at_1, 0.75);
    assert!((forward.chance_at_1 - 1.0 / 3.0).abs() < 1e-12);
    let back = retrieval.text_to_image.summary().unwrap();
    assert_eq!((back.queries, back.items), (3, 4));
    // The second report has two images that are just as near, one of them its own.
    assert!((back.recall_at_1 - (1.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
    assert!((back.chance_at_1 - (0.5 + 0.25 + 0.25) / 3.0).abs() < 1e-12);
    assert_eq!((back.recall_at_5, back.chance_at_10), (1.0, 1.0));
}

#[test]
fn an_encoder_that_sees_nothing_does_not_beat_chance() {
    let groups: Vec<i64> = (0..50).collect();
    let same = index(&groups, &unit_rows(1, 1, 16).expand([50, 16], false));
    let ranking = Ranking::new(&same, &same).unwrap();
    let summary = ranking.summary().unwrap();
    assert!((summary.recall_at_10 - summary.chance_at_10).abs() < 1e-12);
    assert_eq!(summary.median_rank, 25.5);
}

#[test]
fn neighbours_are_exact_across_pieces() {
    let items = unit_rows(3, 9000, 6);
    let queries = unit_rows(4, 5, 6);
    let groups: Vec<i64> = (0..9000).collect();
    let found = index(&groups, &items).nearest(&queries, 3).unwrap();
    let (_, rows) = queries.matmul(&items.tr()).topk(3, 1, true, true);
    for (query, found) in (0..).zip(&found) {
        for (place, neighbour) in (0..).zip(found) {
            assert_eq!(neighbour.row as i64, rows.int64_value(&[query, place]));
        }
        assert!(found.windows(2).all(|pair| pair[0].similarity >= pair[1].similarity));
    }
    assert_eq!(index(&[1, 2], &items.narrow(0, 0, 2)).nearest(&queries, 10).unwrap()[0].len(), 2);
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/images.safetensors");
    let written = index(&[3, -9, 3], &unit_rows(5, 3, 4));
    written.save(&path).unwrap();
    let read = EmbeddingIndex::load(&path).unwrap();
    assert_eq!(read.keys(), written.keys());
    assert_eq!(read.groups(), written.groups());
    assert_eq!(read.embeddings(), written.embeddings());
    assert_eq!(read.distinct().keys(), ["k0", "k1"]);
}

#[test]
fn what_is_no_index_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.safetensors");
    index(&[1, 2], &unit_rows(5, 2, 4)).save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert!(matches!(EmbeddingIndex::load(&path), Err(Error::Weights { .. })));
    assert!(EmbeddingIndex::load(folder.path().join("none")).unwrap_err().to_string().contains("none"));

    let keys = || vec!["a".to_owned(), "b".to_owned()];
    let bad = Tensor::from_slice(&[1.0_f32, 0.0, f32::NAN, 0.0]).reshape([2, 2]);
    let groups = Tensor::from_slice(&[1_i64, 2]);
    let error = EmbeddingIndex::new(keys(), &groups, &bad).unwrap_err().to_string();
    assert!(error.contains("not finite, of the study b"), "{error}");
    assert!(EmbeddingIndex::new(keys(), &groups, &bad.narrow(0, 0, 1)).is_err());
    assert!(EmbeddingIndex::new(vec![], &groups, &bad).is_err());

    let alone = index(&[1], &unit_rows(1, 1, 4));
    let other = index(&[2], &unit_rows(1, 1, 4));
    assert!(Ranking::new(&alone, &other).unwrap_err().to_string().contains("k0"));
    assert!(alone.nearest(&unit_rows(1, 1, 5), 1).is_err());
}
