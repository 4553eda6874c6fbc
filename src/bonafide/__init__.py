"""Audio-deepfake detection: one command trains a countermeasure, scores it, and reports.

The packages below are floors; each imports only from the ones under it:
scripts > assembly | evaluation | figures > tasks > data | objectives >
corpora | frontends | models | metrics > audio > types.
"""

__version__ = "0.1.0"
