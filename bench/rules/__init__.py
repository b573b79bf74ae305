"""Rules over readings, measured on simulated fridges: how forecasts and anomalies fare."""
